"""An analyst's login reads the views, and can neither read nor write anything else."""

import io
import secrets
from datetime import timedelta

import psycopg2
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, TransactionTestCase
from psycopg2 import errors

from analytics.reading.analysts import FUNCTION, VIEWS, group_name
from analytics.tasks import end_long_analyses
from analytics.tests.analysts import address_of, analyst, ask
from analytics.tests.pointers import drain_all, drain_shard_of, mark, new_browser, sample, send

EVERYTHING_ELSE = r"""
select format('%I.%I', nspname, relname)
from pg_class class join pg_namespace on pg_namespace.oid = relnamespace
where relkind in ('r', 'p', 'v', 'm', 'S') and relname <> all (%s)
  and (nspname = 'public' or relname like '\_hyper%%chunk')
"""
# A view that is a join or a union cannot be written by anybody.
REFUSALS = (errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)


def query(sql: str, *parameters) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return cursor.fetchall()


class RightsTests(TransactionTestCase):
    def setUp(self):
        send(new_browser(), [sample(i, i) for i in range(3)])
        drain_all()
        self.url = self.enterContext(analyst())

    def test_it_reads_every_view(self):
        counts = [ask(self.url, f"select count(*) from {view}")[0][0] for view in VIEWS]
        self.assertEqual(counts, [3, 3, 0, 0, 0, 0, 0, 0, 0, 6, 3, 1, 1, 1])

    def test_it_reads_what_has_not_climbed_yet(self):
        browser = new_browser()
        send(browser, [sample(i, i) for i in range(7)])
        drain_shard_of(browser)
        for view in VIEWS[-3:]:
            counts = ask(self.url, f"select sum(events) from {view} group by instance_id")
            self.assertEqual(sorted(counts), [(3,), (7,)], view)

    def test_it_calls_only_the_function_that_the_views_call(self):
        of_hours = "array[1000, 3600000], null, '-infinity', 'infinity'"
        self.assertEqual(ask(self.url, f"select * from {FUNCTION}({of_hours})"), [])
        mark(new_browser(), [sample(0, 0)], rung=3_600_000)
        for call in (
            f"analytics_unclimbed({of_hours})",
            "analytics_climb(array[1000, 3600000], array[1], array['{(,)}'::tstzmultirange])",
        ):
            with self.subTest(call), self.assertRaises(errors.InsufficientPrivilege):
                ask(self.url, f"select * from {call}")

    def test_other_logins_cannot_call_it(self):
        (public,) = query(
            "select coalesce(bool_or(grantee = 0), false) from pg_proc, aclexplode(proacl)"
            " where proname = %s",
            FUNCTION,
        )
        self.assertEqual(public, (False,))

    def test_it_buckets_time(self):
        (row,) = ask(
            self.url,
            "select time_bucket('1 day', time), sum(traversed_distance), last(end_x, time)"
            " from pointer_statuses_1m group by 1",
        )
        self.assertEqual(row[1:], (2, 2))

    def test_no_other_table_or_chunk_can_be_read(self):
        others = [name for (name,) in query(EVERYTHING_ELSE.replace("%I", "%%I"), list(VIEWS))]
        for name in ("auth_user", "django_session", "analytics_pointerpositionevent"):
            self.assertIn(f"public.{name}", others)
        self.assertTrue([name for name in others if "chunk" in name])
        for name in others:
            with self.subTest(name), self.assertRaises(errors.InsufficientPrivilege):
                ask(self.url, f"select * from {name} limit 1")

    def test_it_writes_nothing_even_if_it_lifts_its_own_guard(self):
        for sql in (
            "insert into pointer_events select * from pointer_events",
            "update pointer_statuses_1s set events = 0",
            "delete from pointer_events",
            "truncate analytics_pointerpositionevent",
            "create table mine (n int)",
            "create view mine as select * from pointer_events",
            "drop view pointer_events",
            "comment on view pointer_events is 'mine'",
            "select drop_chunks('analytics_pointerpositionevent', now())",
        ):
            with self.subTest(sql):
                with self.assertRaises((errors.ReadOnlySqlTransaction, *REFUSALS)):
                    ask(self.url, sql)
                with self.assertRaises(REFUSALS):
                    ask(self.url, f"set transaction read write; {sql}")
        self.assertEqual(query("select count(*) from pointer_events"), [(3,)])

    def test_its_sessions_are_guarded_against_accidents(self):
        with self.assertRaises(errors.ReadOnlySqlTransaction):
            ask(self.url, "create temporary table mine (n int)")
        for name, value in (
            ("statement_timeout", "1min"),
            ("idle_in_transaction_session_timeout", "5min"),
            ("default_transaction_read_only", "on"),
            ("timezone", "UTC"),
        ):
            self.assertEqual(ask(self.url, f"show {name}"), [(value,)])

    def test_a_statement_that_takes_too_long_is_cancelled(self):
        with analyst(timeout=1) as url, self.assertRaises(errors.QueryCanceled):
            ask(url, "select pg_sleep(20)")

    def test_it_can_be_dropped(self):
        name = self.url.split("//")[1].split(":")[0]
        call_command("analyst", name, drop=True, stdout=io.StringIO())
        with self.assertRaises(psycopg2.OperationalError):
            ask(self.url, "select 1")
        with self.assertRaisesMessage(CommandError, "There is no login"):
            call_command("analyst", name, drop=True)


class CommandTests(TestCase):
    """Runs in a transaction, whose rollback also removes the roles of a test."""

    def setUp(self):
        self.name = f"bob_{secrets.token_hex(4)}"

    def has_role(self, name: str) -> bool:
        return query("select exists (select from pg_roles where rolname = %s)", name) == [(True,)]

    def test_repeated_it_gives_a_new_password(self):
        verifier = "select rolpassword from pg_authid where rolname = %s"
        first, before = address_of(self.name), query(verifier, self.name)
        second, after = address_of(self.name), query(verifier, self.name)
        self.assertNotEqual(first, second)
        self.assertNotEqual(before, after)
        self.assertTrue(after[0][0].startswith("SCRAM-SHA-256$"))

    def test_a_role_outside_the_group_is_never_changed(self):
        (ours,) = query("select current_user, rolpassword from pg_authid where rolname = user")
        for name in (ours[0], self.name):
            with connection.cursor() as cursor:
                if name == self.name:
                    cursor.execute(f"create role {name}")
            for options, message in (({}, "already"), ({"drop": True}, "There is no login")):
                with self.assertRaisesMessage(CommandError, message):
                    call_command("analyst", name, **options)
            self.assertTrue(self.has_role(name))
        (same,) = query("select current_user, rolpassword from pg_authid where rolname = user")
        self.assertEqual(same, ours)

    def test_printed_sql_changes_nothing_until_it_is_run(self):
        printed, told = io.StringIO(), io.StringIO()
        call_command("analyst", self.name, sql=True, stdout=printed, stderr=told)
        self.assertFalse(self.has_role(self.name))
        password = told.getvalue().split(":")[2].split("@")[0]
        self.assertNotIn(password, printed.getvalue())
        script = printed.getvalue()
        self.assertTrue(script.startswith("begin;\n") and script.endswith("\ncommit;\n"))
        with connection.cursor() as cursor:
            cursor.execute(script.removeprefix("begin;").removesuffix("commit;\n"))
        can = "select has_table_privilege(%s, 'pointer_events', 'select')"
        self.assertEqual(query(can, self.name), [(True,)])

    def test_if_the_service_may_not_create_roles_it_names_the_remedy(self):
        weak = f"weak_{secrets.token_hex(4)}"
        with connection.cursor() as cursor:
            cursor.execute(f"create role {weak}; set local role {weak}")
        with self.assertRaisesMessage(CommandError, "--sql"):
            call_command("analyst", self.name)
        self.assertFalse(self.has_role(self.name) or self.has_role(group_name()))

    def test_a_name_that_needs_quotes_is_refused(self):
        for name in ("Ann", "1st", "a-b", 'x"; drop', "a" * 64, "änn"):
            with self.subTest(name), self.assertRaisesMessage(CommandError, "lower-case letters"):
                call_command("analyst", name)
        for seconds in ("0", "x", "901"):
            with self.subTest(seconds), self.assertRaisesMessage(CommandError, "seconds"):
                call_command("analyst", self.name, "--timeout", seconds)

    def test_either_one_login_or_all_are_selected(self):
        for words in ([], [self.name, "--limit-all"]):
            with self.subTest(words), self.assertRaisesMessage(CommandError, "name one login"):
                call_command("analyst", *words)

    def test_beat_ends_long_sessions_each_minute(self):
        job = settings.CELERY_BEAT_SCHEDULE["end long analyses"]
        self.assertEqual(job["task"], end_long_analyses.name)
        self.assertEqual(job["schedule"], timedelta(minutes=1))
        end_long_analyses()
