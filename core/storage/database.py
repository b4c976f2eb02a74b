"""The database for an event loop, where a thread for each statement would cost more.

It uses Django's address and limits, but raises psycopg2's errors, not Django's.
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
# A slower statement is given up, so that its work can be tried again, alone, within a request's
# time (core/storage/deadlines.py).
ANSWER_SECONDS = 2.5


class AsyncConnection:
    """A connection of one event loop, opened on first use and again when it is old or has failed.

    Statements run one after another; each is a transaction of its own.
    """

    def __init__(self) -> None:
        self._session: Any = None
        self._since = 0.0
        self._turn = asyncio.Lock()
        self._failures = 0

    async def execute(self, statement: str, parameters: dict[str, Any]) -> list[tuple]:
        """Return the statement's rows; psycopg2.Error, or TimeoutError if it takes too long.

        A failed statement also fails those queued behind it, so an outage is waited out once.
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
        """Close the connection; not while a statement runs."""
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
            # In a thread, because it resolves the server's name.
            self._session = await asyncio.to_thread(psycopg2.connect, **parameters, async_=True)
            self._since = time.monotonic()
            await self._ready()

    async def _ready(self) -> None:
        """Wait until everything has been sent and received."""
        while (state := self._session.poll()) != POLL_OK:
            until_ready = until_readable if state == POLL_READ else until_writable
            await until_ready(self._session.fileno())
