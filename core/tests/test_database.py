"""The event loop's connection: used by one statement at a time, and never after a failure."""

import asyncio
from unittest.mock import patch

import psycopg2
from django.db import connection
from django.test import TransactionTestCase

from core.storage import database
from core.storage.database import AsyncConnection

# Long enough for two of them to overlap.
OWN = "select pg_backend_pid() from pg_sleep(0.05)"
SLEEP = "select pg_sleep(%(seconds)s)"


class LineTests(TransactionTestCase):
    def setUp(self):
        self.line = AsyncConnection()
        # No session may outlive the test, because the database will be dropped.
        self.addCleanup(self.line.close)

    async def own(self):
        ((pid,),) = await self.line.execute(OWN, {})
        return pid

    def sessions(self, *pids):
        with connection.cursor() as cursor:
            cursor.execute("select pid from pg_stat_activity where pid = any(%s)", [list(pids)])
            return {pid for (pid,) in cursor.fetchall()}

    def test_statements_run_one_after_another_on_one_connection(self):
        async def use():
            return [await self.own(), *await asyncio.gather(self.own(), self.own())]

        self.assertEqual(len(set(asyncio.run(use()))), 1)

    def test_a_missing_answer_closes_the_connection(self):
        async def wait_in_vain():
            pid = await self.own()
            with patch.object(database, "ANSWER_SECONDS", 0.1), self.assertRaises(TimeoutError):
                await self.line.execute(SLEEP, {"seconds": 1})
            return pid, await self.own()

        first, second = asyncio.run(wait_in_vain())
        self.assertNotEqual(first, second)

    def test_a_failed_statement_also_fails_those_queued_behind_it(self):
        async def wait_in_vain():
            statements = (self.line.execute(SLEEP, {"seconds": 1}) for _ in range(3))
            with patch.object(database, "ANSWER_SECONDS", 0.1):
                return await asyncio.gather(*statements, return_exceptions=True)

        outcomes = asyncio.run(wait_in_vain())
        self.assertEqual([type(outcome) for outcome in outcomes], [TimeoutError] * 3)
        told = "the statement before this one has failed"
        self.assertEqual([str(outcome) for outcome in outcomes], ["", told, told])
        asyncio.run(self.own())

    def test_a_cancelled_statement_leaves_no_connection_in_its_middle(self):
        async def leave():
            pid = await self.own()
            waiting = asyncio.create_task(self.line.execute(SLEEP, {"seconds": 1}))
            await asyncio.sleep(0.1)
            waiting.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await waiting
            return pid, await self.own()

        first, second = asyncio.run(leave())
        self.assertNotEqual(first, second)

    def test_a_statement_cancelled_before_its_turn_hinders_no_other(self):
        async def leave():
            pid = await self.own()
            slow = asyncio.create_task(self.line.execute(SLEEP, {"seconds": 0.2}))
            cancelled, patient = (asyncio.create_task(self.own()) for _ in range(2))
            await asyncio.sleep(0.05)
            cancelled.cancel()
            await slow
            return pid, await patient

        first, second = asyncio.run(leave())
        self.assertEqual(first, second)

    def test_a_session_that_the_server_ended_fails_one_statement(self):
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

    def test_an_old_connection_is_replaced(self):
        first = asyncio.run(self.own())
        with patch.dict(database.settings.DATABASE, {"CONN_MAX_AGE": 0}):
            second = asyncio.run(self.own())
        self.assertNotEqual(first, second)
        self.assertEqual(self.sessions(second), {second})

    def test_it_has_the_limits_of_every_session(self):
        rows = asyncio.run(self.line.execute("show statement_timeout", {}))
        self.assertEqual(rows, [("5s",)])
