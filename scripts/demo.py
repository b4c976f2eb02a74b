"""The additions of `make demo` to a run: visitors of a made-up shop, and a staff login."""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from logging import makeLogRecord
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO
from urllib.parse import urlsplit

from processes import Process, Sink
from service_sources.given import given_urls
from service_sources.ports import LOOPBACK
from service_sources.private import is_ours
from service_sources.state import CHECKOUT, DATABASE, ServiceError, State, open_private

POINTERS = 20
DAYS = 14
DAY_SECONDS = 86_400
STATE = CHECKOUT / "var" / "demo"
LOG_BYTES = 5_000_000
# Matches either LOG_FORMAT.
ERROR = re.compile(r"""^[-\d]+ \S+ (ERROR|CRITICAL) |"level": ?"(ERROR|CRITICAL)"|^Traceback """)


def choose_services() -> None:
    """Keep generated data and a printed password out of real databases.

    Private servers get a folder for the demo. ServiceError if the given database is on another
    machine.
    """
    for name, url in given_urls().items():
        if is_ours(State(CHECKOUT / "var"), name, url):
            os.environ[name] = ""
    given = given_urls().get(DATABASE)
    if given and urlsplit(given).hostname not in (LOOPBACK, "localhost", "::1"):
        raise ServiceError(
            "the demo makes a staff login and invents data, so it runs on a database of this"
            f" machine only; unset {DATABASE}"
        )
    os.environ.setdefault("POINTERSCOPE_STATE", str(STATE))


@contextmanager
def staff_login(env: dict[str, str]) -> Iterator[str]:
    """Create a login, yielded as "name password", that is deleted when this block ends."""
    try:
        yield _manage(env, "demo_login")
    finally:
        _manage(env, "demo_login", "--end")


def start_pointers(env: dict[str, str], port: int, sink: Sink) -> Process:
    """Start pointers that move until SIGTERM; they wait until the service answers."""
    crowd = f"--browsers {POINTERS} --wait 60 --url http://{LOOPBACK}:{port}"
    process = Process("pointers", f"exec python manage.py simulate {crowd}", env, CHECKOUT)
    process.pass_lines(sink)
    return process


def missing_days(state: State) -> int:
    """Return of how many past days the demo's data lacks visits.

    The modification time of the file `history` says up to when visits were sent (`simulate
    --progress`).
    """
    try:
        age = time.time() - state.path("history").stat().st_mtime
    except FileNotFoundError:
        return DAYS
    return min(int(age / DAY_SECONDS), DAYS)


def add_history(
    env: dict[str, str], port: int, state: State, sink: Sink, started: list[Process]
) -> None:
    """Send the visits of past days that are missing, with a progress bar on the terminal.

    The process is put into `started`, so that the caller can end it. If it did not finish, the next
    demo sends the rest.
    """
    if missing_days(state):
        words = f"--browsers 0 --history {DAYS} --seed 1 --url http://{LOOPBACK}:{port}"
        progress = shlex.quote(str(state.path("history")))
        command = f"exec python manage.py simulate {words} --progress {progress}"
        process = Process("history", command, env, CHECKOUT, stderr=sys.stderr)
        started.append(process)
        process.pass_lines(sink)
        process.running.wait()


class LogFile(RotatingFileHandler):
    """A process's log file; the terminal shows only its first error, to stay readable."""

    def __init__(self, path: Path) -> None:
        self.path, self.has_told = path, False
        super().__init__(path, maxBytes=LOG_BYTES, backupCount=1)

    def _open(self) -> TextIO:
        return open_private(self.path, self.mode)

    def write(self, line: str) -> None:
        self.emit(makeLogRecord({"msg": line.rstrip("\n")}))
        if not self.has_told and ERROR.search(line):
            self.has_told = True
            print(f"run: {self.path.stem} has logged an error, in {self.path}", file=sys.stderr)


def log_sinks(state: State) -> Callable[[str], Sink]:
    """Return sinks that write each process's lines to a file in the state folder."""
    return lambda name: LogFile(state.path(f"{name}.log")).write


def welcome(state: State, page: str, login: str) -> str:
    """Return the text with the places of logs and pointers, and the login."""
    name, _, password = login.partition(" ")
    days = missing_days(state)
    past = f"The visits of the past {days} days are being added\n" if days else ""
    return (
        f"The logs of its processes are in {state.folder}/*.log\n{past}"
        f"{POINTERS} generated pointers: {page}overview/\n"
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
