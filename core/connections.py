"""Database connections that an event loop waits for, where a thread for each would cost more.

Their addresses and limits are Django's own; their errors are psycopg2's, not Django's.
"""

import asyncio
import time
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection
from psycopg2.extensions import POLL_OK, POLL_READ

from core.sockets import until_readable, until_writable

CONNECT_SECONDS = settings.CLIENT_PATIENCE["connect_timeout"]
# The server ends a statement before; this is for one that says nothing more.
ANSWER_SECONDS = 10


class Connection:
    """One session, for one statement at a time; each statement is a transaction of its own."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._since = time.monotonic()

    @classmethod
    async def open(cls) -> "Connection":
        """Return a new one; psycopg2.OperationalError or TimeoutError where it cannot be had."""
        parameters = connection.get_connection_params()
        async with asyncio.timeout(CONNECT_SECONDS):
            # In a thread, because it looks up the server's name.
            session = await asyncio.to_thread(psycopg2.connect, **parameters, async_=True)
            opened = cls(session)
            await opened._ready()
            return opened

    def close(self) -> None:
        self._session.close()

    def is_old(self) -> bool:
        return time.monotonic() - self._since > settings.DATABASE["CONN_MAX_AGE"]

    async def execute(self, statement: str, parameters: dict[str, Any]) -> list[tuple]:
        """Return the statement's rows; psycopg2.Error, or TimeoutError where it takes too long."""
        with self._session.cursor() as cursor:
            cursor.execute(statement, parameters)
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._ready()
            return cursor.fetchall()

    async def _ready(self) -> None:
        """Wait until all has been sent and all has been received."""
        while (state := self._session.poll()) != POLL_OK:
            until_ready = until_readable if state == POLL_READ else until_writable
            await until_ready(self._session.fileno())


class Connections:
    """The connections of an event loop, as many as have been needed at once."""

    def __init__(self) -> None:
        self._idle: list[Connection] = []

    async def execute(self, statement: str, parameters: dict[str, Any]) -> list[tuple]:
        """Return the statement's rows; psycopg2.Error or TimeoutError as of one connection."""
        line = await self._take()
        try:
            rows = await line.execute(statement, parameters)
        except BaseException:
            line.close()
            raise
        self._idle.append(line)
        return rows

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _take(self) -> Connection:
        while self._idle:
            line = self._idle.pop()
            if not line.is_old():
                return line
            line.close()
        return await Connection.open()
