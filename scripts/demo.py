"""What `make demo` adds to a run: made-up pointers, and a staff login that ends with it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from processes import Process
from service_sources.given import given_urls
from service_sources.ports import LOOPBACK
from service_sources.state import CHECKOUT, DATABASE, ServiceError

POINTERS = 20
STATE = CHECKOUT / "var" / "demo"


def choose_services() -> None:
    """Keep invented data and a printed password away from data that somebody means.

    Private servers get a folder of the demo's own. ServiceError where the database is given and
    lies on another machine.
    """
    given = given_urls().get(DATABASE)
    if given and urlsplit(given).hostname not in (LOOPBACK, "localhost", "::1"):
        raise ServiceError(
            "the demo makes a staff login and invents data, so it runs on a database of this"
            f" machine only; leave {DATABASE} out"
        )
    os.environ.setdefault("POINTERSCOPE_STATE", str(STATE))


@contextmanager
def staff_login(env: dict[str, str]) -> Iterator[str]:
    """Make a name and a password, "name password", that are void when this block ends."""
    try:
        yield _manage(env, "demo_login")
    finally:
        _manage(env, "demo_login", "--end")


def start_pointers(env: dict[str, str], port: int) -> Process:
    """Let pointers move until they get a SIGTERM; they wait for the service to be there."""
    crowd = f"--browsers {POINTERS} --wait 60 --url http://{LOOPBACK}:{port}"
    process = Process("pointers", f"exec python manage.py simulate {crowd}", env, CHECKOUT)
    process.print_lines("pointers | ")
    return process


def welcome(port: int, login: str) -> str:
    """Say where the pointers are to be seen, and by which login."""
    name, _, password = login.partition(" ")
    return (
        f"{POINTERS} made-up pointers: http://{LOOPBACK}:{port}/browsers/\n"
        f"Log in as {name} with the password {password} (until this demo ends)\n"
    )


def _manage(env: dict[str, str], *words: str) -> str:
    command = [sys.executable, "manage.py", *words]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ServiceError(f"{words[0]} failed: {done.stderr.strip()[-300:]}")
    return done.stdout.strip()
