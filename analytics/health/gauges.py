"""Gauges read at a scrape: waiting marks and their age, pages, and the use of the quotas."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from prometheus_client.core import GaugeMetricFamily, Metric

from analytics.health.facts import (
    MOST_OTHER,
    Pages,
    Waiting,
    heat_lag_seconds,
    lag_seconds,
    read_outbox,
    read_pages,
    trial_lag_seconds,
)
from analytics.ingest import quotas
from analytics.models import DirtyPage, Heartbeat
from analytics.rollups import HEAT, SCENES, TRIALS, LargeBuckets, read_large_buckets
from core.api.throttling import read_use
from core.storage.patience import run_within
from core.values.durations import format_duration

GAUGE_SECONDS = 1.5


class Gauges:
    """The waiting marks and their age, pages, and the use of the quotas, read at each scrape.

    The database may take GAUGE_SECONDS; Redis has its client's timeout.
    """

    def __init__(self, *, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterable[Metric]:
        outbox: list[Waiting] = []
        beats: list[tuple[str, datetime]] = []
        large: list[LargeBuckets] = []
        pages: list[Pages] = []
        page_marks: list[int] = []

        def read() -> None:
            outbox.extend(read_outbox())
            beats.extend(Heartbeat.objects.values_list("job", "beat_at"))
            page_marks.append(DirtyPage.objects.count())
            large.append(read_large_buckets())
            pages.append(read_pages())

        in_time = run_within(GAUGE_SECONDS, read) and bool(pages)
        yield GaugeMetricFamily(
            "pointerscope_database_up", "Whether the database answered the scrape", int(in_time)
        )
        if in_time:
            yield from self._waiting(outbox)
            yield self._heartbeats(beats)
            yield GaugeMetricFamily(
                "pointerscope_large_buckets",
                "Seconds of instances that wait for a job of their own",
                large[0].buckets,
            )
            yield from self._pages(pages[0])
            yield from self._heat(outbox, page_marks[0])
            yield from self._trials(outbox)
        yield from self._quotas()

    def _heat(self, outbox: list[Waiting], page_marks: int) -> Iterable[Metric]:
        marks = sum(waiting.marks for waiting in outbox if waiting.rung in (HEAT, SCENES))
        yield GaugeMetricFamily("pointerscope_heat_marks", "Marks that wait for heat", marks)
        yield GaugeMetricFamily(
            "pointerscope_heat_lag_seconds",
            "Age of the oldest mark of heat; they wait until their five minutes are over",
            heat_lag_seconds(outbox, now=self.now),
        )
        yield GaugeMetricFamily(
            "pointerscope_page_marks", "Marks that wait for hours and days of pages", page_marks
        )

    def _trials(self, outbox: list[Waiting]) -> Iterable[Metric]:
        marks = sum(waiting.marks for waiting in outbox if waiting.rung in TRIALS)
        yield GaugeMetricFamily("pointerscope_trial_marks", "Marks that wait for trials", marks)
        yield GaugeMetricFamily(
            "pointerscope_trial_lag_seconds",
            "Age of the oldest mark of trials; they wait for ten seconds",
            trial_lag_seconds(outbox, now=self.now),
        )

    def _waiting(self, outbox: list[Waiting]) -> Iterable[Metric]:
        rows = GaugeMetricFamily("pointerscope_outbox_rows", "Marks that wait", labels=["rung"])
        lag = GaugeMetricFamily(
            "pointerscope_rollup_lag_seconds", "Age of the oldest mark", labels=["rung"]
        )
        marks = {waiting.rung: waiting.marks for waiting in outbox}
        for rung in settings.RUNGS_MS:
            name = format_duration(rung)
            rows.add_metric([name], marks.get(rung, 0))
            lag.add_metric([name], lag_seconds(outbox, rung=rung, now=self.now))
        return rows, lag

    def _pages(self, pages: Pages) -> Iterable[Metric]:
        yield GaugeMetricFamily("pointerscope_pages", "Pages that were made", pages.made)
        yield GaugeMetricFamily("pointerscope_pages_limit", "MAX_PAGES", settings.MAX_PAGES)
        yield GaugeMetricFamily(
            "pointerscope_other_visits",
            f"Instances with scenes on a page that was not made, up to {MOST_OTHER:,}",
            pages.other_visits,
        )

    def _heartbeats(self, beats: Iterable[tuple[str, datetime]]) -> Metric:
        ages = GaugeMetricFamily(
            "pointerscope_heartbeat_age_seconds", "Since a job last ran", labels=["periodic_job"]
        )
        for job, beat_at in beats:
            # Negative if it lies in the future, which does not prove that the job runs.
            ages.add_metric([job], (self.now - beat_at).total_seconds())
        return ages

    def _quotas(self) -> Iterable[Metric]:
        used = GaugeMetricFamily(
            "pointerscope_quota_used", "Of a limit of the whole service", labels=["limit"]
        )
        most = GaugeMetricFamily(
            "pointerscope_quota_limit", "The limit of the whole service", labels=["limit"]
        )
        limits = quotas()
        for limit, units in zip(limits, read_use(limits), strict=True):
            most.add_metric([limit.name], limit.most)
            if units is not None:
                used.add_metric([limit.name], units)
        return used, most
