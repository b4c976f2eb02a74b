"""The doctor finds each planted fault, and names its remedy."""

import json
from collections import namedtuple
from datetime import timedelta
from io import StringIO
from unittest import mock

import redis
from django.core.management import call_command
from django.db import connection
from django.test import TestCase, override_settings
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from analytics.health.doctor import CHECKS, FAIL, OK, WARN, Finding, database, diagnose
from analytics.health.facts import read_outbox
from analytics.health.gauges import Gauges
from analytics.health.readiness import CHECKS as READY
from analytics.ingest.limits import quotas
from analytics.models import DirtyRange, Heartbeat
from analytics.tests.pointers import new_browser
from core.api import throttling
from core.storage.breaker import Breaker
from core.storage.redis import client
from core.tests.limits import forget_all_calls

Usage = namedtuple("Usage", "total used free")

# What a server of this version and licence answers.
SERVED_BY = "select 17, '17.5', '{}', '{}', 'UTC', '9 MB'"
AWAY = redis.ConnectionError("away")


def charge(*limits, units: int) -> None:
    throttling.spend([(limit, throttling.EVERYBODY, units) for limit in limits])


def found(check: str) -> list[Finding]:
    """Return the findings of one check, from a run of all checks."""
    with mock.patch.dict(CHECKS, {check: CHECKS[check]}, clear=True):
        return list(diagnose(now=timezone.now()))


class DiagnosisTests(TestCase):
    def assert_finds(self, check: str, level: str, said: str, advice: str) -> None:
        self.assertTrue(
            any(f.level == level and said in f.said and advice in f.advice for f in found(check)),
            found(check),
        )

    def sql(self, statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    def test_a_check_that_passes_is_ok_and_has_no_advice(self):
        Heartbeat.objects.create(job="sweep 1s", beat_at=timezone.now())
        for check in (
            "versions",
            "postgresql",
            "durability",
            "migrations",
            "rungs",
            "indexes",
            "beat",
            "outbox",
            "heat",
            "trials",
        ):
            with self.subTest(check):
                findings = found(check)
                self.assertTrue(findings)
                self.assertEqual({(f.level, f.advice) for f in findings}, {(OK, "")}, findings)

    def test_limits_that_a_pooler_kept_from_the_server(self):
        self.assert_finds("limits", OK, "are ours", "")
        self.sql("set local statement_timeout = '15s'")
        self.assert_finds("limits", WARN, "statement_timeout 15s", "set statement_timeout = '5s'")

    def test_versions_licence_and_time_zone_are_reported(self):
        said = {f.check: f.said for f in found("postgresql")}
        self.assertRegex(said["postgresql"], r"^\d+\.\d+.*, database of \d+ [kM]B$")
        self.assertRegex(said["timescaledb"], r"^2\.\d+")
        self.assertRegex(said["licence"], "^(apache|timescale): ")
        self.assertEqual(said["time zone"], "the server's is UTC")

    def test_a_version_that_leaves_late_samples_uncompressed_is_a_warning(self):
        for licence, version, level in (
            ("timescale", "2.13.1", WARN),
            ("timescale", "2.14.0", OK),
            ("apache", "2.13.1", OK),
        ):
            with (
                self.subTest(licence=licence, version=version),
                mock.patch.object(database, "SERVER", SERVED_BY.format(version, licence)),
            ):
                findings = {f.check: f.level for f in found("postgresql")}
                self.assertEqual(findings["licence"], level)

    @override_settings(UNKNOWN_SETTINGS=["LOGIN_ATEMPTS in .env is not a setting"])
    def test_an_unknown_setting_is_a_warning(self):
        advice = "docs/settings.md lists the settings"
        self.assertIn(
            Finding("settings", WARN, "LOGIN_ATEMPTS in .env is not a setting", advice),
            list(diagnose(now=timezone.now())),
        )

    @override_settings(DEBUG=True, ALLOWED_HOSTS=["*"])
    def test_settings_for_development_are_a_warning(self):
        self.assert_finds("settings", WARN, "debug pages are on", "DEBUG=false")
        self.assert_finds("settings", WARN, "any host name", "ALLOWED_HOSTS")

    def test_a_key_that_is_missing_is_named_with_the_statement_that_makes_it(self):
        self.sql("alter table dashboard_coarsestatus drop constraint dashboard_coarsestatus_pkey")
        self.assert_finds(
            "indexes",
            FAIL,
            "dashboard_coarsestatus has no key",
            "alter table dashboard_coarsestatus add primary key (browser_id, interval_ms, time)",
        )

    def test_an_index_that_slows_each_insert_is_a_warning(self):
        self.sql("create index spare on analytics_pointerpositionevent (time)")
        self.assert_finds("indexes", WARN, "another index, on time", "drop it")

    def test_a_migration_that_is_not_applied_is_named(self):
        self.sql("delete from django_migrations where app = 'analytics' and name like '0004%'")
        self.assert_finds("migrations", FAIL, "1 to apply: analytics.0004", "manage.py migrate")

    def test_a_ladder_that_the_views_do_not_follow_yet_is_a_warning(self):
        self.assert_finds("rungs", OK, "those of RUNGS: 1s, 10s, 1m, 1h", "")
        with override_settings(RUNGS_MS=(1000, 5000, 3_600_000)):
            self.assert_finds("rungs", WARN, "still have 1s, 10s, 1m, 1h", "manage.py backfill")

    def test_durability_that_is_switched_off_is_a_failure(self):
        self.sql("set local synchronous_commit = off")
        self.assert_finds("durability", FAIL, "off: synchronous_commit", "may be lost")

    def test_a_database_without_its_tables_is_a_finding_instead_of_a_crash(self):
        self.sql("drop table analytics_heartbeat")
        self.assert_finds("beat", FAIL, "does not exist", "migrate")

    def test_clocks_that_are_apart_fail(self):
        ahead = timezone.now() + timedelta(seconds=9)
        with mock.patch("analytics.health.doctor.clocks.timezone.now", return_value=ahead):
            self.assert_finds("clocks", FAIL, "9.0 s apart", "NTP")

    def test_a_redis_that_may_evict_is_a_failure(self):
        client().config_set("maxmemory-policy", "allkeys-lru")
        self.addCleanup(client().config_set, "maxmemory-policy", "noeviction")
        self.assert_finds("redis", FAIL, "allkeys-lru", "noeviction")

    def test_a_redis_that_is_away_is_a_finding_instead_of_a_crash(self):
        client.cache_clear()
        self.addCleanup(client.cache_clear)
        with override_settings(REDIS_URL="redis://127.0.0.1:9/0"):
            self.assert_finds("redis", FAIL, "Connection refused", "REDIS_URL")

    def test_a_missing_worker_and_a_long_queue_are_reported(self):
        # Hints of earlier tests may wait there too.
        client().delete("celery")
        client().rpush("celery", *["{}"] * 1001)
        self.addCleanup(client().delete, "celery")
        self.assert_finds("queue", WARN, "1001 tasks wait", "more workers")
        self.assert_finds("queue", FAIL, "0 answer", "celery -A core worker")

    def test_a_beat_that_never_ran_or_stopped_is_reported(self):
        self.assert_finds("beat", FAIL, "no sweep has ever run", "start one Beat")
        Heartbeat.objects.create(job="sweep 1s", beat_at=timezone.now() - timedelta(seconds=16))
        self.assert_finds("beat", FAIL, "last sweep 16 s ago", "start one Beat")

    def test_a_clock_that_was_set_back_is_named(self):
        heartbeat = Heartbeat.objects.create(job="sweep 1s", beat_at=timezone.now())
        heartbeat.beat_at = timezone.now() + timedelta(days=1)
        heartbeat.save()
        self.assert_finds("beat", FAIL, "in the future: a clock was set back", "NTP")
        facts = READY["beat"](timezone.now())
        self.assertFalse(facts["ok"])
        self.assertIn("a clock was set back", facts["fault"])
        # The clocks of two machines always differ a little.
        heartbeat.beat_at = timezone.now() + timedelta(seconds=3)
        heartbeat.save()
        self.assert_finds("beat", OK, "last sweep 0 s ago", "")
        self.assertTrue(READY["beat"](timezone.now())["ok"])

    def test_jobs_that_last_ran_in_the_future_are_named(self):
        every = IntervalSchedule.objects.create(every=5, period=IntervalSchedule.SECONDS)
        job = PeriodicTask.objects.create(name="sweep", task="x", interval=every)
        self.assertEqual([finding.check for finding in found("beat")], ["beat"])
        PeriodicTask.objects.filter(pk=job.pk).update(last_run_at=timezone.now() + timedelta(1))
        self.assert_finds("schedule", WARN, "dated in the future: sweep", "NTP")
        self.assert_finds("beat", FAIL, "the last run of sweep is dated in the future", "NTP")
        facts = READY["beat"](timezone.now())
        self.assertIn("Beat's clock was set back", facts["fault"])

    def test_marks_that_wait_too_long_or_for_no_rung_are_reported(self):
        now, browser = timezone.now(), new_browser()
        for rung, waited in ((1000, 61), (7000, 0)):
            created = now - timedelta(seconds=waited)
            DirtyRange.objects.create(
                browser=browser, since=now, until=now, rung=rung, created_at=created
            )
        self.assert_finds("outbox", FAIL, "2 marks wait, the oldest sample's for 61 s", "worker")
        self.assert_finds("outbox", WARN, "[7000] ms", "backfill")

    def test_marks_of_trials_that_wait_too_long_are_reported(self):
        now, browser = timezone.now(), new_browser()
        self.assert_finds("trials", OK, "0 marks wait for trials, the oldest for 0 s", "")
        for rung, waited in ((-3, 20), (-5, 301)):
            created = now - timedelta(seconds=waited)
            DirtyRange.objects.create(
                browser=browser, since=now, until=now, rung=rung, created_at=created
            )
        self.assert_finds(
            "trials", WARN, "2 marks wait for trials, the oldest for 301 s", "missing"
        )
        samples = {one.name: one.samples for one in Gauges(now=now)._trials(read_outbox())}
        self.assertEqual(samples["pointerscope_trial_marks"][0].value, 2)
        self.assertEqual(samples["pointerscope_trial_lag_seconds"][0].value, 301)

    def test_seconds_that_hold_too_many_samples_are_told_with_their_instances(self):
        now, browser = timezone.now(), new_browser()
        waits = now - timedelta(hours=1)
        for second in (1, 1, 2):
            moment = now - timedelta(seconds=second)
            DirtyRange.objects.create(
                browser=browser, since=moment, until=moment, rung=1000, large=True, created_at=waits
            )
        said = f"2 seconds hold too many samples, of {browser.instance_id}"
        self.assert_finds("outbox", WARN, said, "erase the instance")
        # They are no sign that drains are late.
        self.assert_finds("outbox", OK, "0 marks wait, the oldest sample's for 0 s", "")
        self.assertTrue(READY["rollup"](now)["ok"])

    def test_a_nearly_used_service_wide_limit_is_reported(self):
        forget_all_calls()
        with override_settings(EVENTS_PER_MINUTE_OF_ALL=1000, INSTANCES_PER_DAY_OF_ALL=10):
            self.assertEqual({finding.level for finding in found("quotas")}, {OK})
            charge(*quotas(), units=8)
            self.assert_finds("quotas", OK, "instances of all: 8 of 10 in 1d", "")
            charge(*quotas(), units=1)
            self.assert_finds("quotas", WARN, "instances of all: 9 of 10 in 1d", "raise")
            self.assert_finds("quotas", OK, "events of all: 9 of 1,000 in 1m", "")

    def test_without_redis_the_limits_are_reported_as_not_counting(self):
        away = mock.patch("redis.connection.AbstractConnection.connect", side_effect=AWAY)
        client().connection_pool.disconnect()
        with away, mock.patch.object(throttling, "_breaker", Breaker(seconds=5)):
            self.assert_finds("quotas", WARN, "no limit counts", "start Redis")

    def test_a_disk_is_reported_before_it_is_full(self):
        for free, level in ((50, OK), (9, WARN), (1, FAIL)):
            usage = Usage(100 * 10**9, 0, free * 10**9)
            with mock.patch(
                "analytics.health.doctor.installation.shutil.disk_usage", return_value=usage
            ):
                self.assertEqual([f.level for f in found("disk")], [level])

    def test_without_a_copy_of_the_chart_library_the_cdn_is_needed(self):
        with mock.patch("analytics.health.doctor.installation.finders.find", return_value=None):
            self.assert_finds("charts", WARN, "no local copy", "npm ci")


class DoctorTests(TestCase):
    def run_doctor(self, *arguments: str) -> tuple[int, str]:
        out = StringIO()
        try:
            call_command("doctor", *arguments, stdout=out, no_color=True)
        except SystemExit as end:
            return int(end.code), out.getvalue()
        return 0, out.getvalue()

    def test_any_failure_sets_the_exit_code_and_has_advice(self):
        code, text = self.run_doctor()
        self.assertEqual(code, 1)
        self.assertIn("fail beat: no sweep has ever run\n     → start one Beat", text)
        self.assertRegex(text.splitlines()[-1], r"^\d+ ok, \d+ warn, 2 fail$")

    def test_programs_get_json(self):
        code, text = self.run_doctor("--json")
        findings = json.loads(text)
        self.assertEqual(code, 1)
        self.assertEqual(list(findings[0]), ["check", "level", "said", "advice"])
        self.assertIn(("beat", "fail"), [(f["check"], f["level"]) for f in findings])
