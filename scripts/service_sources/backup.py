"""A backup of the whole database in one file, and its restore into a new database.

TimescaleDB requires its extension first, and its triggers paused while rows are restored
(timescaledb_pre_restore, timescaledb_post_restore).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from service_sources import choice, docker
from service_sources.postgres import GIVE
from service_sources.state import DATABASE, OWNER, ServiceError, State, say

NAME = re.compile("[a-z_][a-z0-9_]{0,62}")
AFTER = """check it at the address that follows:
  export {setting}=…
  python manage.py migrate
  python manage.py verify_rollups
  python manage.py doctor
and switch to it: put the address into .env, or where the settings are, and restart the service"""


def back_up(state: State, file: Path) -> None:
    """Write the database to a file that only its owner can read; a partial file never stays."""
    fresh = file.with_name(f"{file.name}.part")
    with choice.held(state) as urls:
        try:
            with os.fdopen(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)) as out:
                _run(state, _owner(urls), "pg_dump", "--format=custom", stdout=out.fileno())
            fresh.replace(file)
        finally:
            fresh.unlink(missing_ok=True)
    say(f"{file}: {file.stat().st_size / 1e6:,.1f} MB")


def restore(state: State, file: Path, name: str) -> None:
    """Restore a backup into a new database beside the old one, which stays unchanged."""
    if not NAME.fullmatch(name):
        raise ServiceError(f"{name!r} is not a database name: use a to z, 0 to 9 and _")
    with choice.held(state) as urls, file.open("rb") as dump:
        old = _owner(urls)
        new = urlsplit(old)._replace(path=f"/{name}").geturl()
        service = urlsplit(urls[DATABASE])
        _ask(state, old, f"create database {name}")
        try:
            _fill(state, new, name, dump.fileno())
            if OWNER in urls:
                _ask(state, new, GIVE.read_text(), options=_role_options(service))
        except BaseException:
            _ask(state, old, f"drop database {name} with (force)")
            raise
    say(f"{name} is restored; {AFTER.format(setting=DATABASE)}")
    print(f"{DATABASE}={service._replace(path=f'/{name}').geturl()}")


def _owner(urls: Mapping[str, str]) -> str:
    """Return the service's database with its owner's login, if one is known."""
    owner = urls.get(OWNER, urls[DATABASE])
    return urlsplit(owner)._replace(path=urlsplit(urls[DATABASE]).path).geturl()


def _fill(state: State, url: str, name: str, dump: int) -> None:
    _ask(state, url, "create extension if not exists timescaledb")
    _ask(state, url, "select timescaledb_pre_restore()")
    words = ["--no-owner", "--exit-on-error", f"--dbname={name}"]
    _run(state, url, "pg_restore", *words, stdin=dump)
    _ask(state, url, "select timescaledb_post_restore()")
    _ask(state, url, "analyze")


def _role_options(service: SplitResult) -> str:
    """Return libpq options with the service's role and password for deploy/role.sql."""
    user, password = (
        re.sub(r"([\\\s])", r"\\\1", unquote(word or ""))
        for word in (service.username, service.password)
    )
    return f"-c pointerscope.role={user} -c pointerscope.password={password}"


def _ask(state: State, url: str, sql: str, *, options: str = "") -> None:
    words = ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql]
    _run(state, url, "psql", *words, stdout=subprocess.PIPE, options=options)


def _run(
    state: State,
    url: str,
    program: str,
    *words: str,
    stdin: int | None = None,
    stdout: int | None = None,
    options: str = "",
) -> None:
    """Run a PostgreSQL program on a database, without the password in its arguments."""
    env = _environment(url) | ({"PGOPTIONS": options} if options else {})
    done = subprocess.run(
        _command(state, program, [*words], env),
        env=os.environ | env,
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        faults = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        raise ServiceError(f"{program}: {(faults or ['failed'])[0]}")


def _command(state: State, program: str, words: list[str], env: Mapping[str, str]) -> list[str]:
    place = choice.local_place(state)
    if place:
        return place.command(state.folder, place.postgres_bin / program, *words)
    if docker.engine_answers():
        return docker.inside("timescaledb", [program, *words], env)
    if shutil.which(program):
        return [program, *words]
    raise ServiceError(f"no {program} here: install PostgreSQL's client programs")


def _environment(url: str) -> dict[str, str]:
    """Return the environment variables of libpq for a URL."""
    parts = urlsplit(url)
    options = {f"PG{name.upper()}": value[0] for name, value in parse_qs(parts.query).items()}
    found = {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.lstrip("/"),
    }
    return {name: value for name, value in (found | options).items() if value}
