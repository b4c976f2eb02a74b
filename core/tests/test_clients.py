"""Large answers go to clients in pieces, and a bounded number of them at a time."""

import asyncio
from unittest import TestCase
from unittest.mock import patch

from core.api.problems import Busy
from core.web import clients
from core.web.clients import PIECE_BYTES, Client

HEAD = {"type": "http.response.start", "status": 200, "headers": []}


class Taker:
    """A client that takes a message after `seconds`, and leaves on request."""

    def __init__(self, seconds=0.0):
        self.seconds, self.taken, self.leaves = seconds, [], asyncio.Event()

    async def send(self, message):
        await asyncio.sleep(self.seconds)
        self.taken.append(message)

    async def receive(self):
        await self.leaves.wait()
        return {"type": "http.disconnect"}

    async def take(self, body):
        client = Client(self.receive, self.send)
        try:
            await client.take(HEAD, body)
        finally:
            client.forget()


class ClientTests(TestCase):
    def test_a_large_answer_goes_out_piece_by_piece(self):
        async def take():
            taker, body = Taker(), bytes(range(256)) * (PIECE_BYTES // 100)
            await taker.take(body)
            return taker.taken, body

        (head, *pieces), body = asyncio.run(take())
        self.assertEqual(head, HEAD)
        self.assertEqual(b"".join(piece["body"] for piece in pieces), body)
        self.assertLessEqual(max(len(piece["body"]) for piece in pieces), PIECE_BYTES)
        self.assertEqual([bool(p.get("more_body")) for p in pieces], [True] * 3 + [False])

    def test_a_small_answer_goes_out_whole(self):
        async def take():
            taker = Taker()
            await taker.take(b"small")
            return taker.taken

        self.assertEqual(
            asyncio.run(take()), [HEAD, {"type": "http.response.body", "body": b"small"}]
        )

    def test_large_answers_that_wait_are_bounded_together(self):
        async def take():
            slow = [Taker(seconds=60) for _ in range(4)]
            large = bytes(PIECE_BYTES * 2)
            waiting = [asyncio.create_task(taker.take(large)) for taker in slow]
            await asyncio.sleep(0.02)
            *held, refused = [task.done() for task in waiting]
            self.assertEqual((held, refused), ([False] * 3, True))
            self.assertIsInstance(waiting[-1].exception(), Busy)
            # Small answers still go out, and large ones again once there is room.
            await Taker().take(b"small")
            waiting[0].cancel()
            await asyncio.wait(waiting[:1])
            await Taker().take(large)
            for task in waiting:
                task.cancel()

        with patch.object(clients, "MOST_UNTAKEN_BYTES", PIECE_BYTES * 6):
            asyncio.run(take())

    def test_a_large_answer_that_is_not_taken_in_time_is_dropped(self):
        async def take():
            with self.assertRaises(ConnectionError):
                await Taker(seconds=60).take(bytes(PIECE_BYTES * 2))

        with patch.object(clients, "STALL_SECONDS", 0.05):
            asyncio.run(take())

    def test_an_answer_whose_client_has_left_is_dropped(self):
        async def take():
            taker = Taker(seconds=0.01)
            taking = asyncio.create_task(taker.take(bytes(PIECE_BYTES * 1000)))
            await asyncio.sleep(0.05)
            taker.leaves.set()
            with self.assertRaises(ConnectionError):
                await taking
            return len(taker.taken)

        self.assertLess(asyncio.run(take()), 20)
