"""An event loop's Redis connections: reused while they work, and never after a failure."""

import asyncio
import time
from unittest.mock import patch

import pytest
import redis
from django.test import SimpleTestCase

from core.storage.redis import MOMENT, AsyncConnections, client
from core.storage.sockets import until_readable

# Long enough for two of them to overlap.
BLOCK = ("BLPOP", "nobody-pushes", 0.1)

can_read = redis.Connection.can_read


async def in_turn(commands):
    for each in commands:
        await each


class AsyncConnectionsTests(SimpleTestCase):
    def setUp(self):
        self.connections = AsyncConnections()
        self.addCleanup(self.connections.close)

    async def own(self):
        return await self.connections.execute("CLIENT", "ID")

    def test_a_connection_is_used_again_and_two_at_once_are_two(self):
        async def use():
            first, again = await self.own(), await self.own()
            _, other = await asyncio.gather(self.connections.execute(*BLOCK), self.own())
            return first, again, other

        first, again, other = asyncio.run(use())
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_a_line_outlives_the_loop_that_made_it(self):
        self.assertEqual(asyncio.run(self.own()), asyncio.run(self.own()))

    def test_an_answer_within_a_moment_does_not_go_through_the_loop(self):
        async def ask():
            await self.own()
            with patch("core.storage.redis.until_readable", wraps=until_readable) as left:
                for _ in range(20):
                    # Long enough for a miss to be forgotten, as the machine may be busy.
                    await asyncio.sleep(0.03)
                    await self.own()
            return left.call_count

        self.assertLess(asyncio.run(ask()), 20)

    def test_an_answer_that_takes_longer_holds_up_the_loop_for_a_moment_now_and_then(self):
        ask = self.connections.execute
        look = patch.object(redis.Connection, "can_read", autospec=True, side_effect=can_read)
        with patch("core.storage.redis.AFTER_LONG_SECONDS", 10), look as looks:
            asyncio.run(in_turn(ask(*BLOCK) for _ in range(3)))
        stood_still = [each for each in looks.call_args_list if each.args[1:] == (MOMENT,)]
        self.assertEqual(len(stood_still), 1)

    @pytest.mark.timed
    def test_an_answer_that_does_not_come_in_time_ends_the_connection(self):
        async def wait_in_vain():
            first, began = await self.own(), time.monotonic()
            with self.assertRaises(TimeoutError):
                await self.connections.execute("BLPOP", "nobody-pushes", 5)
            return first, time.monotonic() - began, await self.own()

        first, seconds, second = asyncio.run(wait_in_vain())
        self.assertNotEqual(first, second)
        self.assertLess(seconds, 1)

    def test_a_cancelled_command_leaves_no_answer_for_the_next(self):
        async def leave():
            waiting = asyncio.create_task(self.connections.execute(*BLOCK))
            await asyncio.sleep(0.01)
            waiting.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await waiting
            await asyncio.sleep(0.15)
            return await self.connections.execute("ECHO", "mine")

        self.assertEqual(asyncio.run(leave()), "mine")

    def test_a_connection_that_redis_has_hung_up_is_replaced_unnoticed(self):
        async def lose():
            first = await self.own()
            client().client_kill_filter(_id=first)
            return first, await self.own()

        first, second = asyncio.run(lose())
        self.assertNotEqual(first, second)

    def test_errors_of_redis_and_of_an_absent_redis_are_raised(self):
        with self.assertRaises(redis.ResponseError):
            asyncio.run(self.connections.execute("EVAL", "no lua", 0))
        with self.away(), self.assertRaises(redis.RedisError):
            asyncio.run(self.connections.execute("PING"))

    def away(self):
        return patch.dict(client().connection_pool.connection_kwargs, port=1)

    def test_connections_that_were_lost_use_up_nothing(self):
        async def fail_often():
            for _ in range(client().connection_pool.max_connections + 1):
                with self.assertRaises(redis.RedisError):
                    await self.connections.execute("PING")

        with self.away():
            asyncio.run(fail_often())
        self.assertTrue(asyncio.run(self.own()))
        self.assertTrue(client().ping())

    @pytest.mark.timed
    def test_connecting_takes_no_longer_than_half_a_second(self):
        began = time.monotonic()
        with (
            patch.object(redis.Connection, "connect", lambda _: time.sleep(1)),
            self.assertRaises(TimeoutError),
        ):
            asyncio.run(self.connect_only(began))

    async def connect_only(self, began):
        try:
            await self.connections.execute("PING")
        finally:
            self.assertLess(time.monotonic() - began, 0.9)
