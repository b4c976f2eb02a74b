"""Waiting batches are stored together, and none waits because of another's failure."""

import asyncio
from unittest.mock import patch

from django.db import connection, transaction
from django.test import override_settings
from rest_framework.exceptions import APIException

from analytics.ingest import group_commit, shell
from analytics.ingest.batch import Samples
from analytics.ingest.group_commit import MOST_BATCHES, Waiting, store_group, take_group
from analytics.ingest.store import Sent
from analytics.models import DirtyRange, PointerPositionEvent
from analytics.tests.interleaving import Session, until_sessions_wait
from analytics.tests.pointers import NOW_US, new_browser, token_of
from analytics.tests.posting import PostingTestCase, ask, body_of, call, scope_of
from analytics.wire import Receipt
from core.api.problems import Unavailable
from dashboard.instances.tokens import WriteToken
from dashboard.models import Browser

LOCKED = "select id from dashboard_browser where id = %s for update"
END_THE_OTHERS = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where datname = current_database() and application_name = 'pointerscope'
    and pid <> pg_backend_pid()
"""
STORED = 202, {"accepted": 2, "duplicates": 0, "conflicts": 0}


def until_one_waits():
    until_sessions_wait(1)
    connection.close()


def not_alone(*_):
    raise AssertionError("the batch was stored alone")


class GroupCommitTests(PostingTestCase):
    def stored(self):
        return list(
            PointerPositionEvent.objects.order_by("browser_id", "time", "seq").values_list(
                "browser_id", "x", "seq"
            )
        )

    def sent(self, browser, first=0):
        samples = Samples(
            [NOW_US + first, NOW_US + first + 1], [1.0, 2.0], [1.0, 2.0], [0, 1], [False, False]
        )
        return Sent(token_of(browser), samples, "abcdefgh-1234")

    def store(self, batches):
        """Return receipts, codes of refusals, and None for what must be stored alone."""
        settled = asyncio.run(store_group(batches, self.groups.database))
        return [
            outcome.default_code if isinstance(outcome, APIException) else outcome
            for outcome in settled
        ]

    @override_settings(EVENTS_PER_MINUTE_PER_ADDRESS=4)
    def test_as_many_batches_of_a_group_pass_as_their_address_may_send(self):
        batches = [self.sent(new_browser())._replace(caller="203.0.113.5") for _ in range(3)]
        batches.append(self.sent(new_browser())._replace(caller="203.0.113.6"))
        stored = Receipt(2, 0, 0)
        self.assertEqual(self.store(batches), [stored, stored, "throttled", stored])

    def test_batches_that_arrive_during_two_groups_are_stored_together(self):
        browsers = [self.browser, *(new_browser() for _ in range(4))]

        async def send_all():
            calls = (call(scope_of(browser), body_of()) for browser in browsers)
            return [(status, answer) for status, _, answer in await asyncio.gather(*calls)]

        with patch.object(shell, "store_alone", not_alone):
            self.assertEqual(asyncio.run(send_all()), [STORED] * 5)
        expected = [(b.pk, float(n), n) for b in browsers for n in range(2)]
        self.assertEqual(self.stored(), expected)
        with connection.cursor() as cursor:
            cursor.execute("select count(distinct xmin::text) from analytics_pointerpositionevent")
            self.assertEqual(cursor.fetchone(), (3,))
        self.assertEqual(
            sorted(DirtyRange.objects.values_list("browser_id", flat=True)),
            [browser.pk for browser in browsers],
        )

    def test_each_batch_of_a_group_has_its_own_receipt(self):
        second, revoked, gone = new_browser(), new_browser(), new_browser()
        self.store([self.sent(second)])
        Browser.objects.filter(pk=revoked.pk).update(token_version=2)
        Browser.objects.filter(pk=gone.pk).delete()
        group = [self.sent(browser) for browser in (revoked, second, gone, self.browser)]
        moved = group[1].samples._replace(xs=[1.0, 3.0])
        group[1] = group[1]._replace(samples=moved)
        receipts = self.store(group)
        self.assertEqual(
            receipts, ["authentication_failed", Receipt(0, 1, 1), None, Receipt(2, 0, 0)]
        )

    def test_if_one_batch_is_a_duplicate_the_others_are_stored_and_marked_once(self):
        # The youngest browser's, so that the others' samples come before it.
        browsers = [self.browser, new_browser(), new_browser()]
        self.store([self.sent(browsers[-1])])
        DirtyRange.objects.all().delete()
        receipts = self.store([self.sent(browser) for browser in browsers])
        self.assertEqual(receipts, [Receipt(2, 0, 0), Receipt(2, 0, 0), Receipt(0, 2, 0)])
        expected = [(b.pk, float(n + 1), n) for b in browsers for n in range(2)]
        self.assertEqual(self.stored(), expected)
        marked = DirtyRange.objects.order_by("browser_id").values_list("browser_id", flat=True)
        self.assertEqual(list(marked), [browser.pk for browser in browsers[:-1]])

    def test_a_locked_instance_only_delays_itself(self):
        other = new_browser()
        holder = Session(self.hold_locked, after=LOCKED).until_held()

        async def send_both():
            waiting = asyncio.create_task(call(scope_of(self.browser), body_of()))
            await asyncio.to_thread(until_one_waits)
            async with asyncio.timeout(1):
                status, _, answer = await call(scope_of(other), body_of())
            self.assertFalse(waiting.done())
            holder.go_on.set()
            return (status, answer), (await waiting)[::2]

        with patch.object(shell, "store_alone", wraps=shell.store_alone) as alone:
            self.assertEqual(asyncio.run(send_both()), (STORED, STORED))
        self.assertEqual(alone.call_count, 1)
        holder.finish()

    def hold_locked(self):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LOCKED, [self.browser.pk])

    def test_batches_are_stored_again_after_the_session_was_ended(self):
        scope = scope_of(self.browser)
        with connection.cursor() as cursor:
            self.assertEqual(ask(scope, body_of()), STORED)
            cursor.execute(END_THE_OTHERS)
            self.assertEqual(cursor.fetchone(), (1,))
            self.assertEqual(ask(scope, body_of(first=2)), STORED)
            self.assertEqual(ask(scope, body_of(first=4)), STORED)

    def test_the_batches_of_a_failed_group_are_stored_alone_at_once(self):
        groups = self.groups

        async def store_all():
            return await asyncio.gather(*(groups.store(self.sent(each)) for each in browsers))

        browsers = [self.browser, new_browser(), new_browser()]
        with patch.object(group_commit, "store_group", side_effect=Unavailable) as storing:
            self.assertEqual(asyncio.run(store_all()), [None] * 3)
        self.assertEqual(storing.call_count, 2)
        self.assertEqual(asyncio.run(store_all()), [None] * 3)
        groups._breaker.close()
        self.assertEqual(asyncio.run(store_all()), [Receipt(2, 0, 0)] * 3)

    def test_the_batches_of_a_cancelled_group_are_stored_alone_too(self):
        async def cancel():
            storing = asyncio.create_task(self.groups.store(self.sent(self.browser)))
            await asyncio.sleep(0.05)
            (group,) = self.groups._storing
            group.cancel()
            return await asyncio.wait_for(storing, 5)

        with patch.object(group_commit, "store_group", lambda *_: asyncio.sleep(60)):
            self.assertIsNone(asyncio.run(cancel()))
        self.assertFalse(self.groups._storing)

    def test_a_batch_that_the_ending_server_gives_up_is_told_to_come_again(self):
        async def give_up():
            sending = asyncio.create_task(call(scope_of(self.browser), body_of(), until_cancelled))
            await asyncio.sleep(0.05)
            sending.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await sending

        sent = []

        async def until_cancelled(scope, receive, send):
            async def keep(message):
                sent.append(message)

            await shell.application(scope, receive, keep)

        with patch.object(shell, "store", lambda _: asyncio.sleep(60)):
            asyncio.run(give_up())
        self.assertEqual([message.get("status") for message in sent], [503, None])
        self.assertIn((b"retry-after", b"2"), sent[0]["headers"])

    def test_a_group_waits_for_as_many_as_the_last_one_had_but_not_for_long(self):
        sizes, groups = [], self.groups
        go_on = asyncio.Event()
        browsers = [self.browser, *(new_browser() for _ in range(4))]

        async def store(batches, _):
            await go_on.wait()
            sizes.append(len(batches))
            return [Receipt(2, 0, 0)] * len(batches)

        async def send(*browsers):
            sending = [asyncio.create_task(groups.store(self.sent(each))) for each in browsers]
            await asyncio.sleep(0.05)
            return asyncio.gather(*sending)

        async def send_all():
            first = await send(*browsers)
            go_on.set()
            await first
            self.assertEqual(sizes, [1, 1, 3])
            two = await send(*browsers[:2])
            self.assertFalse(two.done())
            await (await send(browsers[2]))
            await two
            self.assertEqual(sizes, [1, 1, 3, 3])
            with patch.object(group_commit, "LINGER_SECONDS", 0.001):
                await (await send(self.browser))
            # No further batches are expected now.
            await asyncio.wait_for(groups.store(self.sent(self.browser)), 5)
            self.assertEqual(sizes, [1, 1, 3, 3, 1, 1])

        with (
            patch.object(group_commit, "LINGER_SECONDS", 60),
            patch.object(group_commit, "store_group", store),
        ):
            asyncio.run(asyncio.wait_for(send_all(), 20))

    def test_a_group_has_one_batch_per_instance_and_is_bounded(self):
        ids = [browser.instance_id for browser in (self.browser, new_browser())]
        tokens = [WriteToken(instance_id, 1) for instance_id in ids]
        small, large = Samples([1], [1], [1], [0], [False]), Samples([1] * 4999, [], [], [], [])

        def waiting(*batches):
            return [Waiting(Sent(token, samples, ""), None) for token, samples in batches]

        first, again, other = waiting((tokens[0], small), (tokens[0], small), (tokens[1], large))
        self.assertEqual(take_group([first, again, other]), ([first, other], [again]))
        self.assertEqual(take_group([other, first, again]), ([other, first], [again]))
        many = waiting(*((WriteToken(n, 1), small) for n in range(MOST_BATCHES + 1)))
        self.assertEqual(take_group(many), (many[:-1], many[-1:]))
        huge = Samples([1] * 5001, [], [], [], [])
        alone, next_one = waiting((tokens[0], huge), (tokens[1], small))
        self.assertEqual(take_group([alone, next_one]), ([alone], [next_one]))
