"""Analysts for tests: a database login, created by the command and dropped again."""

import io
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
from django.core.management import call_command
from django.db import connection

from analytics.reading.analysts import group_name


@contextmanager
def analyst(**options: int) -> Iterator[str]:
    """Yield the address of a new login. Roles belong to the cluster, so each has a unique name."""
    name = f"ann_{secrets.token_hex(4)}"
    try:
        yield address_of(name, **options)
    finally:
        forget_roles(name)


def address_of(name: str, **options: int) -> str:
    """Run the command as an operator would, and return the printed address."""
    printed = io.StringIO()
    call_command("analyst", name, stdout=printed, **options)
    return re.search(r"^postgresql://\S+$", printed.getvalue(), re.MULTILINE)[0]


def forget_roles(*names: str) -> None:
    """Drop the roles, and the test database's group once it has no members."""
    with connection.cursor() as cursor:
        for name in (*names, group_name()):
            cursor.execute("select 1 from pg_roles where rolname = %s", (name,))
            if cursor.fetchone():
                cursor.execute(f'drop owned by "{name}"; drop role "{name}"')


def ask(url: str, sql: str) -> list[tuple]:
    """Run statements in a session of the login; return the rows of the last one."""
    session = psycopg2.connect(url)
    try:
        with session, session.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        session.close()
