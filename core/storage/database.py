"""The database for an event loop, where a thread for each statement would cost more.

Its address and limits are Django's own; its errors are psycopg2's, not Django's.
"""

import asyncio
import time
from typing import Any

import psycopg2
from django.conf import settings
from django.db import connection
from psycopg2.extensions import POLL_OK, POLL_READ

from core.storage.sockets import until_readable, until_writable

CONNECT_SECONDS = settings.CLIENT_PATIENCE["connect_timeout"]
# A statement that takes longer is given up, so that what it was for can be tried once more, by
# itself, within a request's time (core/storage/deadlines.py).
ANSWER_SECONDS = 2.5


class AsyncConnection:
    """A connection of one event loop: made when it is needed, anew when it is old or has failed.

    Statements take turns on it; each is a transaction of its own.
    """

    def __init__(self) -> None:
        self._session: Any = None
        self._since = 0.0
        self._turn = asyncio.Lock()
        self._failures = 0

    async def execute(self, statement: str, parameters: dict[str, Any]) -> list[tuple]:
        """Return the statement's rows; psycopg2.Error, or TimeoutError where it takes too long.

        Whoever waits for its turn fails with the one before, whatever that failed for: where the
        database is away, it is to be waited for once and not twice.
        """
        failures = self._failures
        async with self._turn:
            if self._failures > failures:
                raise TimeoutError("the statement before this one has failed")
            try:
                return await self._execute(statement, parameters)
            except BaseException:
                self._failures += 1
                self.close()
                raise

    def close(self) -> None:
        """Hang up; not while a statement is under way."""
        if self._session:
            self._session.close()
            self._session = None

    async def _execute(self, statement: str, parameters: dict[str, Any]) -> list[tuple]:
        if time.monotonic() - self._since > settings.DATABASE["CONN_MAX_AGE"]:
            self.close()
        if not self._session:
            await self._open()
        with self._session.cursor() as cursor:
            cursor.execute(statement, parameters)
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._ready()
            return cursor.fetchall()

    async def _open(self) -> None:
        parameters = connection.get_connection_params()
        async with asyncio.timeout(CONNECT_SECONDS):
            # In a thread, because it looks up the server's name.
            self._session = await asyncio.to_thread(psycopg2.connect, **parameters, async_=True)
            self._since = time.monotonic()
            await self._ready()

    async def _ready(self) -> None:
        """Wait until all has been sent and all has been received."""
        while (state := self._session.poll()) != POLL_OK:
            until_ready = until_readable if state == POLL_READ else until_writable
            await until_ready(self._session.fileno())
