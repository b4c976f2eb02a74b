"""The short way of a batch: it answers as the view does, and leaves to it what it cannot store."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from django.db import connection, connections, transaction
from django.test import SimpleTestCase, TransactionTestCase, override_settings

from analytics.ingest import endpoint, group_commit
from analytics.ingest.batch import Samples
from analytics.ingest.group_commit import MOST_BATCHES, Gathering, Waiting, store_group, take_group
from analytics.ingest.store import Receipt, Sent
from analytics.models import DirtyRange, PointerPositionEvent
from analytics.tests.interleaving import Session, until_sessions_wait
from analytics.tests.pointers import NOW, NOW_US, new_browser, token_of
from core.api.problems import Unavailable
from core.tests.limits import forget_all_calls
from core.web import asgi
from dashboard.instances.tokens import WriteToken, make_token
from dashboard.models import Browser

LOCKED = "select id from dashboard_browser where id = %s for update"
END_THE_OTHERS = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where datname = current_database() and application_name = 'pointerscope'
    and pid <> pg_backend_pid()
"""
STORED = 202, {"accepted": 2, "duplicates": 0, "conflicts": 0}


def body_of(first=0, count=2, **more):
    base_ms = NOW_US // 1000 - 600_000
    events = [{"time": base_ms + 8 * n, "x": n, "y": n} for n in range(first, first + count)]
    return json.dumps({"events": events, **more}).encode()


def scope_of(browser, *headers, **changes):
    token = make_token(instance_id=browser.instance_id, version=browser.token_version)
    return {
        "type": "http",
        "method": "POST",
        "path": f"/api/v1/browsers/{browser.instance_id}/events/",
        "query_string": b"",
        "http_version": "1.1",
        "scheme": "http",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 4711),
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"authorization", f"Bearer {token}".encode()),
            (b"content-type", b"application/json"),
            *headers,
        ],
        **changes,
    }


def with_header(scope, name, value):
    headers = [(key, old) for key, old in scope["headers"] if key != name]
    return {**scope, "headers": [*headers, *([(name, value)] if value is not None else [])]}


async def call(scope, body, application=endpoint.application):
    """Return status, headers and content of the answer."""
    sent = []
    length = (b"content-length", str(len(body)).encode())

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await application({**scope, "headers": [*scope["headers"], length]}, receive, send)
    head, content = sent
    return head["status"], dict(head["headers"]), json.loads(content["body"])


def ask(scope, body, application=endpoint.application):
    status, _, answer = asyncio.run(call(scope, body, application))
    return status, answer


def until_one_waits():
    until_sessions_wait(1)
    connection.close()


def no_view(*_):
    raise AssertionError("the batch went the long way")


class IntakeTestCase(TransactionTestCase):
    def setUp(self):
        forget_all_calls()
        self.browser = new_browser()
        self.gathering, handlers = Gathering(), ThreadPoolExecutor(1)
        for patched in (
            patch("django.utils.timezone.now", return_value=NOW),
            patch.object(endpoint, "_gathering", self.gathering),
            patch.object(asgi, "_handlers", handlers),
        ):
            patched.start()
            self.addCleanup(patched.stop)
        # No session outlives the test: the database is to be dropped.
        self.addCleanup(lambda: handlers.submit(connections.close_all).result(5))
        self.addCleanup(self.gathering.line.close)

    def stored(self):
        return list(
            PointerPositionEvent.objects.order_by("browser_id", "time", "seq").values_list(
                "browser_id", "x", "seq"
            )
        )


class ShortWayTests(IntakeTestCase):
    def test_it_answers_as_the_view_does(self):
        brought = b"x-request-id", b"abcdefgh-1234"
        scope = scope_of(self.browser, brought, (b"accept", b"*/*"))
        with patch.object(endpoint, "answer", no_view):
            short = asyncio.run(call(scope, body_of()))
        long = asyncio.run(call(scope, body_of(first=2), asgi.application))
        # It tells a browser nothing that asks for this method already.
        del long[1][b"allow"]
        self.assertEqual(short, long)

    @override_settings(HTTPS=True, SECURE_SSL_REDIRECT=True, SECURE_HSTS_SECONDS=3600)
    def test_behind_tls_too(self):
        endpoint._headers.cache_clear()
        self.addCleanup(endpoint._headers.cache_clear)
        status, headers, _ = asyncio.run(call(scope_of(self.browser, scheme="https"), body_of()))
        self.assertEqual((status, headers[b"strict-transport-security"]), (202, b"max-age=3600"))
        self.assertIsNone(endpoint.recognise(scope_of(self.browser)))

    def test_a_beacon_carries_its_token_in_its_body(self):
        token = make_token(instance_id=self.browser.instance_id, version=1)
        scope = with_header(scope_of(self.browser), b"content-type", b"text/plain;charset=UTF-8")
        with patch.object(endpoint, "answer", no_view):
            answer = ask(with_header(scope, b"authorization", None), body_of(token=token))
        self.assertEqual(answer, STORED)

    def test_a_batch_twice_is_stored_once(self):
        scope = scope_of(self.browser)
        first, second = ask(scope, body_of()), ask(scope, body_of(count=3))
        self.assertEqual(first, STORED)
        self.assertEqual(second, (202, {"accepted": 1, "duplicates": 2, "conflicts": 0}))
        pk = self.browser.pk
        self.assertEqual(self.stored(), [(pk, 0.0, 0), (pk, 1.0, 1), (pk, 2.0, 2)])

    def test_what_is_wrong_is_said_by_the_view(self):
        other = new_browser()
        revoked = scope_of(self.browser)
        Browser.objects.filter(pk=other.pk).update(token_version=2)
        erased = new_browser()
        Browser.objects.filter(pk=erased.pk).delete()
        foreign = scope_of(self.browser, path=scope_of(other)["path"])
        for scope, body, expected in (
            (revoked, b"{", (400, "malformed")),
            (revoked, body_of(count=0), (400, "invalid")),
            (
                revoked,
                json.dumps({"events": [{"time": 0, "x": 0, "y": 0}]}).encode(),
                (400, "invalid"),
            ),
            (foreign, body_of(), (403, "foreign_instance")),
            (scope_of(other), body_of(), (401, "authentication_failed")),
            (
                with_header(revoked, b"authorization", b"Bearer x"),
                body_of(),
                (401, "authentication_failed"),
            ),
            (
                with_header(revoked, b"authorization", None),
                body_of(),
                (401, "authentication_failed"),
            ),
            (scope_of(erased), body_of(), (404, "no_such_instance")),
            (
                with_header(revoked, b"content-type", b"text/html"),
                body_of(),
                (415, "unsupported_media_type"),
            ),
            (with_header(revoked, b"accept", b"text/html"), body_of(), (406, "not_acceptable")),
        ):
            with self.subTest(expected=expected, body=body):
                status, answer = ask(scope, body)
                self.assertEqual((status, answer["code"]), expected)
        self.assertEqual(self.stored(), [])

    @override_settings(BATCHES_PER_MINUTE=1)
    def test_a_limit_holds_here_too(self):
        scope = scope_of(self.browser)
        first, (status, answer) = ask(scope, body_of()), ask(scope, body_of(first=2))
        self.assertEqual((first, status, answer["code"]), (STORED, 429, "throttled"))
        self.assertEqual(len(self.stored()), 2)

    @override_settings(EVENTS_PER_MINUTE=1000)
    def test_minutes_are_charged_here_too(self):
        scope = scope_of(self.browser)
        times = [NOW_US / 1000 - i * 60_000 for i in range(102)]
        far_apart = json.dumps({"events": [{"time": t, "x": 1, "y": 2} for t in times]}).encode()
        answers = [ask(scope, far_apart)[0], ask(scope, body_of())[0]]
        self.assertEqual(answers, [202, 429])

    def ask_from(self, *addresses):
        """Send a batch of a new instance's from each address; return the answers' statuses."""
        scopes = [scope_of(new_browser(), client=(address, 4711)) for address in addresses]
        return [ask(scope, body_of())[0] for scope in scopes]

    @override_settings(EVENTS_PER_MINUTE_PER_ADDRESS=4)
    def test_the_limit_of_an_address_holds_here_too(self):
        one_network = [f"2001:db8::{n}" for n in range(3)]
        statuses = self.ask_from(*one_network, "2001:db8:0:1::1", "203.0.113.5")
        self.assertEqual(statuses, [202, 202, 429, 202, 202])

    @override_settings(EVENTS_PER_MINUTE_PER_ADDRESS=4, TRUSTED_PROXIES=1)
    def test_an_address_is_here_too_what_our_proxies_tell(self):
        def ask_through_a_proxy(*lines):
            headers = [(b"x-forwarded-for", line) for line in lines]
            return ask(scope_of(new_browser(), *headers), body_of())[0]

        for lines in ([b"203.0.113.5:1"], [b"198.51.100.1", b"203.0.113.5:2"]):
            self.assertEqual(ask_through_a_proxy(*lines), 202)
        self.assertEqual(ask_through_a_proxy(b"203.0.113.5"), 429)
        self.assertEqual(ask_through_a_proxy(b"203.0.113.5, 198.51.100.1"), 202)
        # Those that the proxy tells no address of are one caller, whatever they are called.
        statuses = [ask_through_a_proxy(*lines) for lines in ([b"unknown"], [], [b"_hidden"])]
        self.assertEqual(statuses, [202, 202, 429])

    @override_settings(EVENTS_PER_MINUTE_OF_ALL=4)
    def test_the_limit_of_the_whole_holds_here_too(self):
        self.assertEqual(self.ask_from("203.0.113.1", "203.0.113.2", "::1"), [202, 202, 429])


class RecognitionTests(SimpleTestCase):
    def test_only_calls_as_a_tracker_makes_them_are_taken(self):
        browser = Browser(token_version=1)
        plain = scope_of(browser)
        self.assertIsNotNone(endpoint.recognise(plain))
        for other in (
            {**plain, "method": "PUT"},
            {**plain, "query_string": b"format=json"},
            {**plain, "path": plain["path"] + "1/"},
            with_header(plain, b"host", b"elsewhere.example"),
            with_header(plain, b"content-type", None),
            with_header(plain, b"content-type", b"application/json; charset=utf-16"),
            with_header(plain, b"content-encoding", b"gzip"),
            with_header(plain, b"transfer-encoding", b"chunked"),
            with_header(plain, b"authorization", b"Bearer forged"),
            scope_of(browser, (b"content-type", b"application/json")),
        ):
            with self.subTest(other=other):
                self.assertIsNone(endpoint.recognise(other))


class GatheringTests(IntakeTestCase):
    def sent(self, browser, first=0):
        samples = Samples(
            [NOW_US + first, NOW_US + first + 1], [1.0, 2.0], [1.0, 2.0], [0, 1], [False, False]
        )
        return Sent(token_of(browser), samples, "abcdefgh-1234")

    def store(self, batches):
        return asyncio.run(store_group(batches, self.gathering.line))

    @override_settings(EVENTS_PER_MINUTE_PER_ADDRESS=4)
    def test_of_a_group_as_many_pass_as_their_address_may_send(self):
        batches = [self.sent(new_browser())._replace(caller="203.0.113.5") for _ in range(3)]
        batches.append(self.sent(new_browser())._replace(caller="203.0.113.6"))
        receipts = self.store(batches)
        self.assertEqual([receipt is None for receipt in receipts], [False, False, True, False])

    def test_batches_that_come_while_two_groups_are_under_way_are_stored_together(self):
        browsers = [self.browser, *(new_browser() for _ in range(4))]

        async def send_all():
            calls = (call(scope_of(browser), body_of()) for browser in browsers)
            return [(status, answer) for status, _, answer in await asyncio.gather(*calls)]

        with patch.object(endpoint, "answer", no_view):
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
        self.assertEqual(receipts, [None, Receipt(0, 1, 1), None, Receipt(2, 0, 0)])

    def test_where_one_of_a_group_was_there_already_the_rest_is_stored_and_marked_once(self):
        # Of the youngest browser, so that the others' samples come before it.
        browsers = [self.browser, new_browser(), new_browser()]
        self.store([self.sent(browsers[-1])])
        DirtyRange.objects.all().delete()
        receipts = self.store([self.sent(browser) for browser in browsers])
        self.assertEqual(receipts, [Receipt(2, 0, 0), Receipt(2, 0, 0), Receipt(0, 2, 0)])
        expected = [(b.pk, float(n + 1), n) for b in browsers for n in range(2)]
        self.assertEqual(self.stored(), expected)
        marked = DirtyRange.objects.order_by("browser_id").values_list("browser_id", flat=True)
        self.assertEqual(list(marked), [browser.pk for browser in browsers[:-1]])

    def test_a_locked_instance_holds_up_nobody_but_itself(self):
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

        with patch.object(endpoint, "answer", wraps=endpoint.answer) as long_way:
            self.assertEqual(asyncio.run(send_both()), (STORED, STORED))
        self.assertEqual(long_way.call_count, 1)
        holder.finish()

    def hold_locked(self):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LOCKED, [self.browser.pk])

    def test_after_its_session_was_ended_batches_are_stored_as_before(self):
        scope = scope_of(self.browser)
        with connection.cursor() as cursor:
            self.assertEqual(ask(scope, body_of()), STORED)
            cursor.execute(END_THE_OTHERS)
            self.assertEqual(cursor.fetchone(), (1,))
            self.assertEqual(ask(scope, body_of(first=2)), STORED)
            self.assertEqual(ask(scope, body_of(first=4)), STORED)

    def test_a_group_that_fails_leaves_its_batches_to_the_view_at_once(self):
        gathered = self.gathering

        async def store_all():
            return await asyncio.gather(*(gathered.store(self.sent(each)) for each in browsers))

        browsers = [self.browser, new_browser(), new_browser()]
        with patch.object(group_commit, "store_group", side_effect=Unavailable) as storing:
            self.assertEqual(asyncio.run(store_all()), [None] * 3)
        self.assertEqual(storing.call_count, 2)
        self.assertEqual(asyncio.run(store_all()), [None] * 3)
        gathered._paused_until = 0.0
        self.assertEqual(asyncio.run(store_all()), [Receipt(2, 0, 0)] * 3)

    def test_a_group_that_is_cancelled_leaves_its_batches_to_the_view_too(self):
        async def cancel():
            storing = asyncio.create_task(self.gathering.store(self.sent(self.browser)))
            await asyncio.sleep(0.05)
            (group,) = self.gathering._storing
            group.cancel()
            return await asyncio.wait_for(storing, 5)

        with patch.object(group_commit, "store_group", lambda *_: asyncio.sleep(60)):
            self.assertIsNone(asyncio.run(cancel()))
        self.assertFalse(self.gathering._storing)

    def test_a_group_waits_for_as_many_as_the_last_one_had_but_not_for_long(self):
        sizes, gathered = [], self.gathering
        go_on = asyncio.Event()
        browsers = [self.browser, *(new_browser() for _ in range(4))]

        async def store(batches, _):
            await go_on.wait()
            sizes.append(len(batches))
            return [Receipt(2, 0, 0)] * len(batches)

        async def send(*browsers):
            sending = [asyncio.create_task(gathered.store(self.sent(each))) for each in browsers]
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
            # Now it is known to be quiet.
            await asyncio.wait_for(gathered.store(self.sent(self.browser)), 5)
            self.assertEqual(sizes, [1, 1, 3, 3, 1, 1])

        with (
            patch.object(group_commit, "LINGER_SECONDS", 60),
            patch.object(group_commit, "store_group", store),
        ):
            asyncio.run(asyncio.wait_for(send_all(), 20))

    def test_a_group_has_one_batch_of_an_instance_and_not_too_many(self):
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
