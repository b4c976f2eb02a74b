"""Databases for tests: migrated once, and then cloned."""

import atexit
import os
import secrets
import select
import subprocess
import sys
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import psycopg2.extensions

ROOT = Path(__file__).resolve().parent.parent


class Sessions:
    """Sessions of one address that stay open.

    A new one costs more than most statements, and tests ask many times until something is true.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._idle: list[psycopg2.extensions.connection] = []

    def run(self, statement: str, parameters: tuple | dict = ()) -> list[tuple]:
        """Run a statement in a session that nobody else uses meanwhile, and return its rows."""
        session = self._take()
        try:
            with session.cursor() as cursor:
                cursor.execute(statement, parameters)
                rows = cursor.fetchall() if cursor.description else []
        except BaseException:
            session.close()
            raise
        self._idle.append(session)
        return rows

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> psycopg2.extensions.connection:
        while True:
            try:
                session = self._idle.pop()
            except IndexError:
                break
            if not _has_ended(session):
                return session
            session.close()
        session = psycopg2.connect(self.url)
        session.autocommit = True
        return session


def _has_ended(session: psycopg2.extensions.connection) -> bool:
    """Return whether the server has told an idle session its end, or hung up."""
    waiting = select.poll()
    waiting.register(session, select.POLLIN)
    return bool(waiting.poll(0))


def run_sql(url: str, statement: str, parameters: tuple | dict = ()) -> list[tuple]:
    """Run a statement in a separate session and return its rows."""
    session = psycopg2.connect(url)
    session.autocommit = True
    try:
        with session.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []
    finally:
        session.close()


def give(owner_url: str, role: str, password: str) -> None:
    """Create an ordinary role, and make it the owner of the address's database."""
    options = f"-c pointerscope.role={role} -c pointerscope.password={password}"
    session = psycopg2.connect(owner_url, options=options)
    try:
        with session, session.cursor() as cursor:
            cursor.execute((ROOT / "deploy" / "role.sql").read_text())
    finally:
        session.close()


def clone(admin_url: str, name: str) -> None:
    """Create a migrated database."""
    run_sql(admin_url, f'create database "{name}" template "{_migrated(admin_url)}"')


@cache
def _migrated(admin_url: str) -> str:
    """Migrate a database that accepts no connections; it is dropped when this process ends.

    Cloning needs a database without sessions, and TimescaleDB keeps one in each that accepts them.
    """
    name = f"test_migrated_{secrets.token_hex(4)}"
    url = urlsplit(admin_url)._replace(path=f"/{name}").geturl()
    run_sql(admin_url, f'create database "{name}"')
    atexit.register(run_sql, admin_url, f'drop database "{name}" with (force)')
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, "SECRET_KEY": secrets.token_urlsafe(50)},
        check=True,
    )
    run_sql(admin_url, f'alter database "{name}" allow_connections false')
    leave = "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = %s"
    run_sql(admin_url, leave, (name,))
    return name
