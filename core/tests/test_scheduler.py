"""Beat sends each job within its period, also after the clock was set back, and notes its runs."""

import time
from datetime import timedelta
from unittest.mock import patch

from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from core.celery import app
from core.storage.redis import client
from core.tasks.scheduler import Scheduler

PERIOD_SECONDS = 1
DAY = timedelta(days=1)
QUEUE = "celery"


class ClockTests(TransactionTestCase):
    def setUp(self):
        client().delete(QUEUE)
        self.addCleanup(client().delete, QUEUE)

    def start(self) -> Scheduler:
        """Return a scheduler with one job: the real sweep with another period."""
        scheduler = Scheduler(app=app, lazy=True)
        self.assertEqual(scheduler.schedule, {})
        scheduler.update_from_dict(
            {"sweep": {"task": "analytics.tasks.sweep", "schedule": PERIOD_SECONDS}}
        )
        return scheduler

    def sent_within(self, scheduler: Scheduler, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not client().llen(QUEUE):
            time.sleep(max(min(scheduler.tick(), 0.05), 0))
        return bool(client().llen(QUEUE))

    def test_a_last_run_in_the_future_counts_as_now(self):
        scheduler = self.start()
        PeriodicTask.objects.update(last_run_at=timezone.now() + DAY)
        scheduler._schedule = scheduler.all_as_schedule()
        self.assertTrue(self.sent_within(scheduler, 5 * PERIOD_SECONDS))
        scheduler.sync()
        self.assertLess(PeriodicTask.objects.get().last_run_at, timezone.now())

    def test_a_clock_that_is_set_back_while_beat_runs_stops_nothing(self):
        scheduler = self.start()
        self.assertTrue(self.sent_within(scheduler, 5 * PERIOD_SECONDS))
        client().delete(QUEUE)
        # The plan of a Beat whose clock was a day ahead until now.
        entry = scheduler.schedule["sweep"]
        entry.last_run_at = entry.model.last_run_at = timezone.now() + DAY
        scheduler._heap = [event._replace(time=event.time + 86400) for event in scheduler._heap]
        scheduler._ticked_at += 86400
        self.assertTrue(self.sent_within(scheduler, 5 * PERIOD_SECONDS))

    def test_a_job_that_ran_just_now_waits_for_its_period(self):
        scheduler = self.start()
        PeriodicTask.objects.update(last_run_at=timezone.now())
        scheduler._schedule = scheduler.all_as_schedule()
        self.assertFalse(self.sent_within(scheduler, PERIOD_SECONDS / 3))


class WritingTests(TransactionTestCase):
    """The scheduler stores when each job last ran, and how often it did."""

    def setUp(self):
        client().delete(QUEUE)
        self.addCleanup(client().delete, QUEUE)
        self.scheduler = Scheduler(app=app, lazy=True)
        self.assertEqual(self.scheduler.schedule, {})
        self.scheduler.update_from_dict(
            {name: {"task": "analytics.tasks.sweep", "schedule": DAY} for name in ("a", "b", "c")}
        )
        self.run_jobs()

    def run_jobs(self):
        for entry in list(self.scheduler.schedule.values()):
            self.scheduler.reserve(entry)

    def stored(self) -> dict[str, tuple[bool, int]]:
        """Return of each job whether it ran, and how often."""
        jobs = PeriodicTask.objects.values_list("name", "last_run_at", "total_run_count")
        return {name: (last is not None, count) for name, last, count in jobs}

    def test_one_statement_writes_all_of_them(self):
        with CaptureQueriesContext(connection) as asked:
            self.scheduler.sync()
        words = [query["sql"].split()[0] for query in asked]
        self.assertEqual([word for word in words if word not in ("BEGIN", "COMMIT")], ["UPDATE"])
        self.assertEqual(self.stored(), dict.fromkeys("abc", (True, 1)))

    def test_nothing_is_asked_where_no_job_ran(self):
        self.scheduler.sync()
        with self.assertNumQueries(0):
            self.scheduler.sync()

    def test_a_job_that_was_disabled_or_deleted_meanwhile_stays_so(self):
        PeriodicTask.objects.filter(name="a").update(enabled=False)
        PeriodicTask.objects.filter(name="b").delete()
        self.scheduler.sync()
        self.assertEqual(self.stored(), {"a": (False, 0), "c": (True, 1)})

    def test_what_could_not_be_stored_is_stored_with_the_next(self):
        with (
            patch.object(QuerySet, "bulk_update", side_effect=OperationalError("It is away")),
            self.assertLogs("core.tasks.scheduler", "WARNING"),
        ):
            self.scheduler.sync()
        self.assertEqual(self.stored(), dict.fromkeys("abc", (False, 0)))
        self.scheduler.sync()
        self.assertEqual(self.stored(), dict.fromkeys("abc", (True, 1)))
