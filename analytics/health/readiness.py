"""Whether the service can do its work: the state and latency of each dependency.

Every answer arrives within SECONDS, even if a server hangs. It names only the type of a fault,
because a driver's message may contain an address or a user's name.
"""

import time
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.db import connection

from analytics.health.facts import (
    LAG_LIMIT_SECONDS,
    lag_seconds,
    list_unapplied_migrations,
    read_outbox,
)
from analytics.health.heartbeats import find_fault, is_alive, last_sweep_age, limit_seconds
from core.storage.patience import run_within
from core.storage.redis import client
from core.values.durations import FIRST_RUNG_MS

SECONDS = 1.5

Facts = dict[str, Any]


def check_readiness(*, now: datetime, only: Collection[str] = ()) -> dict[str, Facts]:
    """Return, by the name of each check, `ok`, `latency_ms`, and its own facts or its `fault`."""
    wanted = [name for name in CHECKS if not only or name in only]
    found: dict[str, Facts] = {}
    deadline = time.monotonic() + SECONDS

    def ask_database() -> None:
        for name in wanted:
            if name != "redis":
                found[name] = _timed(CHECKS[name], now)

    if "redis" in wanted:
        # Its client has a timeout of a quarter second.
        found["redis"] = _timed(CHECKS["redis"], now)
    run_within(deadline - time.monotonic(), ask_database)
    silent = {"ok": False, "fault": f"no answer within {SECONDS} s"}
    return {name: found.get(name, silent) for name in wanted}


def _timed(check: Callable[[datetime], Facts], now: datetime) -> Facts:
    began = time.perf_counter()
    try:
        facts = check(now)
    except Exception as error:
        facts = {"ok": False, "fault": type(error).__name__}
    return {**facts, "latency_ms": round((time.perf_counter() - began) * 1000, 2)}


def _database(now: datetime) -> Facts:
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    return {"ok": True}


def _redis(now: datetime) -> Facts:
    return {"ok": bool(client().ping())}


def _migrations(now: datetime) -> Facts:
    unapplied = list_unapplied_migrations()
    return {"ok": not unapplied, "unapplied": len(unapplied)}


def _beat(now: datetime) -> Facts:
    """Beat, broker and worker all run if a sweep of the first rung ran recently."""
    seconds = last_sweep_age(now=now)
    facts = {
        "ok": is_alive(seconds),
        "age_s": None if seconds is None else round(seconds, 1),
        "limit_s": limit_seconds(),
    }
    fault = find_fault(seconds, now=now)
    return {**facts, "fault": fault} if fault else facts


def _rollup(now: datetime) -> Facts:
    lag = round(lag_seconds(read_outbox(), rung=FIRST_RUNG_MS, now=now), 1)
    return {"ok": lag <= LAG_LIMIT_SECONDS, "lag_s": lag, "limit_s": LAG_LIMIT_SECONDS}


def _outbox(now: datetime) -> Facts:
    return {"ok": True, "rows": sum(waiting.marks for waiting in read_outbox())}


CHECKS: dict[str, Callable[[datetime], Facts]] = {
    "database": _database,
    "redis": _redis,
    "migrations": _migrations,
    "beat": _beat,
    "rollup": _rollup,
    "outbox": _outbox,
}
