"""Connections that an event loop waits for: used again while they are good, and never after."""

import asyncio
from unittest.mock import patch

import psycopg2
from django.db import connection
from django.test import TransactionTestCase

from core import connections
from core.connections import Connections

# Long enough for two of them to meet.
OWN = "select pg_backend_pid() from pg_sleep(0.05)"
SLEEP = "select pg_sleep(%(seconds)s)"


class ConnectionTests(TransactionTestCase):
    def setUp(self):
        self.lines = Connections()
        # No session outlives the test: the database is to be dropped.
        self.addCleanup(self.lines.close)

    async def own(self):
        ((pid,),) = await self.lines.execute(OWN, {})
        return pid

    def sessions(self, *pids):
        with connection.cursor() as cursor:
            cursor.execute("select pid from pg_stat_activity where pid = any(%s)", [list(pids)])
            return {pid for (pid,) in cursor.fetchall()}

    def test_a_connection_is_used_again_and_two_at_once_are_two(self):
        async def use():
            first, again = await self.own(), await self.own()
            one, other = await asyncio.gather(self.own(), self.own())
            return first, again, {one, other}

        first, again, both = asyncio.run(use())
        self.assertEqual(first, again)
        self.assertIn(first, both)
        self.assertEqual(len(both), 2)

    def test_an_answer_that_does_not_come_in_time_ends_the_connection(self):
        async def wait_in_vain():
            pid = await self.own()
            with patch.object(connections, "ANSWER_SECONDS", 0.1), self.assertRaises(TimeoutError):
                await self.lines.execute(SLEEP, {"seconds": 1})
            return pid, await self.own()

        first, second = asyncio.run(wait_in_vain())
        self.assertNotEqual(first, second)

    def test_whoever_is_cancelled_leaves_no_connection_in_the_middle_of_a_statement(self):
        async def leave():
            pid = await self.own()
            waiting = asyncio.create_task(self.lines.execute(SLEEP, {"seconds": 1}))
            await asyncio.sleep(0.1)
            waiting.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await waiting
            return pid, await self.own()

        first, second = asyncio.run(leave())
        self.assertNotEqual(first, second)

    def test_a_session_that_the_server_ended_fails_once(self):
        async def lose():
            pid = await self.own()
            with connection.cursor() as cursor:
                cursor.execute("select pg_terminate_backend(%s, 5000)", [pid])
            with self.assertRaises(psycopg2.OperationalError):
                await self.own()
            return pid, await self.own()

        with patch.dict("os.environ", {"DJANGO_ALLOW_ASYNC_UNSAFE": "1"}):
            first, second = asyncio.run(lose())
        self.assertNotEqual(first, second)

    def test_one_that_is_old_is_replaced(self):
        first = asyncio.run(self.own())
        with patch.dict(connections.settings.DATABASE, {"CONN_MAX_AGE": 0}):
            second = asyncio.run(self.own())
        self.assertNotEqual(first, second)
        self.assertEqual(self.sessions(second), {second})

    def test_it_has_the_limits_of_every_session(self):
        rows = asyncio.run(self.lines.execute("show statement_timeout", {}))
        self.assertEqual(rows, [("5s",)])
