"""Bounded work: some of it runs, some waits, and the rest is refused."""

import asyncio
from threading import Event
from unittest import TestCase
from unittest.mock import patch

from core.api.problems import Busy
from core.web import pools
from core.web.pools import Pool


class PoolTests(TestCase):
    def setUp(self):
        self.release = Event()
        self.addCleanup(self.release.set)
        self.done = []

    def work(self, number):
        assert self.release.wait(5)
        self.done.append(number)
        return number

    def run_in(self, pool, script):
        async def run():
            self.left = asyncio.get_running_loop().create_future()
            return await script(pool)

        return asyncio.run(run())

    def start(self, pool, numbers, left=None):
        return [
            asyncio.create_task(pool.run(self.work, number, left=left or self.left))
            for number in numbers
        ]

    def test_as_many_run_as_there_are_threads_and_a_few_more_wait_for_them(self):
        async def script(pool):
            tasks = self.start(pool, range(5))
            await asyncio.sleep(0.05)
            self.release.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

        with patch.object(pools, "MOST_WAITING", 2):
            *results, refused = self.run_in(Pool("test", 2), script)
        self.assertEqual(results, [0, 1, 2, 3])
        self.assertIsInstance(refused, Busy)

    def test_no_work_waits_for_long(self):
        async def script(pool):
            first, second = self.start(pool, range(2))
            (refused,) = await asyncio.gather(second, return_exceptions=True)
            self.release.set()
            # The refused work did not keep a thread.
            return refused, await first, await pool.run(self.work, 2, left=self.left)

        with patch.object(pools, "WAIT_SECONDS", 0.05):
            refused, *results = self.run_in(Pool("test", 1), script)
        self.assertIsInstance(refused, Busy)
        self.assertEqual(results, [0, 2])

    def test_a_client_that_leaves_makes_room_for_the_next(self):
        async def script(pool):
            leaving = asyncio.get_running_loop().create_future()
            (running,) = self.start(pool, [0])
            waiting = self.start(pool, [1, 2], left=leaving)
            await asyncio.sleep(0.05)
            leaving.set_result(None)
            left = await asyncio.gather(*waiting, return_exceptions=True)
            others = self.start(pool, [3, 4])
            await asyncio.sleep(0.05)
            self.release.set()
            await asyncio.gather(running, *others)
            return left

        with patch.object(pools, "MOST_WAITING", 2):
            left = self.run_in(Pool("test", 1), script)
        self.assertEqual([type(error) for error in left], [ConnectionError] * 2)
        self.assertEqual(self.done, [0, 3, 4])

    def test_work_that_fails_releases_its_thread(self):
        async def script(pool):
            for _ in range(3):
                with self.assertRaises(ZeroDivisionError):
                    await pool.run(lambda: 1 / 0, left=self.left)
            return await pool.run(lambda: "done", left=self.left)

        self.assertEqual(self.run_in(Pool("test", 1), script), "done")
