"""The Celery tasks: each reads the clock and calls one function."""

from celery import shared_task
from django.utils import timezone

from analytics.maps import sweep as heat
from analytics.reading import analyst_sessions
from analytics.rollups import backlog, large_buckets
from analytics.rollups.sweep import sweep as sweep_rung
from analytics.studies import trial_drain
from analytics.upkeep import compression, packing, retention, token_expiry
from core.values.durations import FIRST_RUNG_MS


@shared_task
def roll_up(shard: int) -> None:
    """The per-batch task: drain what is fresh of one shard's first rung."""
    backlog.roll_up_fresh(shard=shard, now=timezone.now())


@shared_task
def roll_up_backlog(rung: int, shard: int) -> None:
    """Drain a little of the backlog of a shard's rung (ms), and queue itself again for the rest."""
    backlog.roll_up_backlog(rung=rung, shard=shard, now=timezone.now())


@shared_task(soft_time_limit=700, time_limit=720)
def roll_up_large(last: int | None = None) -> None:
    """The task of each minute: roll up one bucket that holds very much, and queue itself again."""
    large_buckets.roll_up_large(last=last, now=timezone.now())


@shared_task
def sweep(rung: int = FIRST_RUNG_MS) -> None:
    """The periodic task of each rung (ms): drain all its waiting marks."""
    sweep_rung(rung=rung, now=timezone.now())


@shared_task
def map_heat() -> None:
    """The task of each minute: map the heat of buckets that are over, or changed."""
    heat.map_heat(now=timezone.now())


# The trials of an import may take minutes. A second run finds the job taken, and ends.
@shared_task(soft_time_limit=280, time_limit=300)
def make_trials() -> None:
    """The task of every ten seconds: make the trials whose marks, samples or scenes are new."""
    trial_drain.make_trials(now=timezone.now())


@shared_task
def end_tokens() -> None:
    """The hourly task: end the write tokens of long silent instances."""
    token_expiry.end_silent_tokens(now=timezone.now())


@shared_task
def end_long_analyses() -> None:
    """The task of each minute: end analysts' sessions that take too long."""
    analyst_sessions.end_long_sessions(now=timezone.now())


# Compressing or packing a large day takes longer than any other task may.
@shared_task(soft_time_limit=3000, time_limit=3300)
def retain() -> None:
    """The hourly task: drop what is too old, compress or pack what is old enough."""
    retention.retain(now=timezone.now())
    compression.compress(now=timezone.now())
    packing.pack(now=timezone.now())
