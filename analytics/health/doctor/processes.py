"""The doctor's checks of Redis, the worker, Beat, and the work that waits for them."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import redis
from celery import current_app
from django.conf import settings

from analytics.health.doctor.clocks import SET_CLOCKS
from analytics.health.doctor.finding import FAIL, OK, WARN, Check, Finding
from analytics.health.facts import (
    HEAT_LIMIT_SECONDS,
    LAG_LIMIT_SECONDS,
    TRIAL_LIMIT_SECONDS,
    heat_lag_seconds,
    lag_seconds,
    read_outbox,
    trial_lag_seconds,
)
from analytics.health.heartbeats import find_fault, is_alive, last_sweep_age
from analytics.ingest import quotas
from analytics.rollups import HEAT, SCENES, TRIALS, read_large_buckets
from core.api.throttling import read_use
from core.storage.redis import client
from core.values.durations import FIRST_RUNG_MS, format_duration

LONGEST_QUEUE = 1000
QUEUE = "celery"
QUOTA_WARN = 0.8


def _redis(now: datetime) -> Iterator[Finding]:
    version = client().info("server")["redis_version"]
    yield Finding("redis", OK, str(version))
    try:
        policy = client().config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.ResponseError:
        advice = "check with its provider that it is noeviction"
        yield Finding("eviction", WARN, "Redis does not report its maxmemory-policy", advice)
        return
    is_right = policy == "noeviction"
    advice = "" if is_right else "config set maxmemory-policy noeviction, and in redis.conf"
    yield Finding("eviction", OK if is_right else FAIL, f"maxmemory-policy {policy}", advice)


def _queue(now: datetime) -> Iterator[Finding]:
    waiting = int(client().llen(QUEUE))
    is_long = waiting > LONGEST_QUEUE
    advice = "start more workers; see their log" if is_long else ""
    yield Finding("queue", WARN if is_long else OK, f"{waiting} tasks wait", advice)
    answers: list[Any] = current_app.control.ping(timeout=1)
    advice = "" if answers else "start one: celery -A core worker"
    yield Finding("workers", OK if answers else FAIL, f"{len(answers)} answer", advice)


def _beat(now: datetime) -> Iterator[Finding]:
    seconds = last_sweep_age(now=now)
    said = "no sweep has ever run" if seconds is None else f"last sweep {max(seconds, 0):.0f} s ago"
    if is_alive(seconds):
        yield Finding("beat", OK, said)
    else:
        advice = "start one Beat (celery -A core beat) and a worker"
        fault = find_fault(seconds, now=now)
        yield Finding("beat", FAIL, fault or said, f"{SET_CLOCKS}; {advice}" if fault else advice)


def _outbox(now: datetime) -> Iterator[Finding]:
    outbox = read_outbox()
    marks = sum(waiting.marks for waiting in outbox)
    lag = lag_seconds(outbox, rung=FIRST_RUNG_MS, now=now)
    known = {*settings.RUNGS_MS, HEAT, SCENES, *TRIALS}
    unknown = sorted({waiting.rung for waiting in outbox} - known)
    is_late = lag > LAG_LIMIT_SECONDS
    advice = "see the worker's log; add a worker (docs/operations.md)" if is_late else ""
    said = f"{marks} marks wait, the oldest sample's for {lag:.0f} s"
    yield Finding("outbox", FAIL if is_late else OK, said, advice)
    if unknown:
        advice = "manage.py backfill, or put the rung back into RUNGS"
        yield Finding(
            "outbox", WARN, f"marks for rungs that are not in RUNGS: {unknown} ms", advice
        )
    large = read_large_buckets()
    if large.buckets:
        said = f"{large.buckets} seconds hold too many samples, of {', '.join(large.instances)}"
        advice = "see who sends them (docs/operations.md), or erase the instance"
        yield Finding("outbox", WARN, said, advice)


def _heat(now: datetime) -> Iterator[Finding]:
    outbox = read_outbox()
    lag = heat_lag_seconds(outbox, now=now)
    marks = sum(waiting.marks for waiting in outbox if waiting.rung in (HEAT, SCENES))
    is_late = lag > HEAT_LIMIT_SECONDS
    advice = "see the worker's log; maps are right meanwhile, but slower" if is_late else ""
    said = f"{marks} marks wait for heat, the oldest for {lag:.0f} s"
    yield Finding("heat", WARN if is_late else OK, said, advice)


def _trials(now: datetime) -> Iterator[Finding]:
    outbox = read_outbox()
    lag = trial_lag_seconds(outbox, now=now)
    marks = sum(waiting.marks for waiting in outbox if waiting.rung in TRIALS)
    is_late = lag > TRIAL_LIMIT_SECONDS
    advice = "see the worker's log; the newest trials are missing meanwhile" if is_late else ""
    said = f"{marks} marks wait for trials, the oldest for {lag:.0f} s"
    yield Finding("trials", WARN if is_late else OK, said, advice)


def _quotas(now: datetime) -> Iterator[Finding]:
    """Compare the use of the whole service with the limits at which every sender is refused."""
    limits = quotas()
    for limit, used in zip(limits, read_use(limits), strict=True):
        if used is None:
            yield Finding("quotas", WARN, "no limit counts while Redis is away", "start Redis")
            return
        is_near = used > QUOTA_WARN * limit.most
        window = format_duration(limit.seconds * 1000)
        said = f"{limit.name}: {used:,} of {limit.most:,} in {window}"
        advice = "see who sends (docs/security.md), or raise the setting" if is_near else ""
        yield Finding("quotas", WARN if is_near else OK, said, advice)


CHECKS: dict[str, Check] = {
    "redis": _redis,
    "queue": _queue,
    "beat": _beat,
    "outbox": _outbox,
    "heat": _heat,
    "trials": _trials,
    "quotas": _quotas,
}
