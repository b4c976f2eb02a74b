"""Whether the service can do its work: each dependency, what it says and how long it took.

Every answer comes within SECONDS, whoever hangs; a fault is named by its kind alone, because a
driver's message may hold an address or a user's name.
"""

import time
from collections.abc import Callable, Collection
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from analytics.health.gauges import OUTBOX, age
from analytics.health.heartbeats import find_fault, is_alive, last_sweep_age, limit_seconds
from core.storage.patience import run_within
from core.storage.redis import client
from core.values.durations import FIRST_RUNG_MS

SECONDS = 1.5
LAG_LIMIT_SECONDS = 60

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
        # Its client gives up after a quarter second by itself.
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
    unapplied = known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    return {"ok": not unapplied, "unapplied": len(unapplied)}


@cache
def known_migrations() -> frozenset[tuple[str, str]]:
    """Return (app, name) of each migration in this code."""
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def _beat(now: datetime) -> Facts:
    """Beat, broker and worker are all alive if a sweep of the first rung ran lately."""
    seconds = last_sweep_age(now=now)
    facts = {
        "ok": is_alive(seconds),
        "age_s": None if seconds is None else round(seconds, 1),
        "limit_s": limit_seconds(),
    }
    fault = find_fault(seconds, now=now)
    return {**facts, "fault": fault} if fault else facts


def _rollup(now: datetime) -> Facts:
    lags = {rung: age(oldest, now=now) for rung, _, oldest in _outbox_rows()}
    lag = round(lags.get(FIRST_RUNG_MS, 0.0), 1)
    return {"ok": lag <= LAG_LIMIT_SECONDS, "lag_s": lag, "limit_s": LAG_LIMIT_SECONDS}


def _outbox(now: datetime) -> Facts:
    return {"ok": True, "rows": sum(rows for _, rows, _ in _outbox_rows())}


def _outbox_rows() -> list[tuple[int, int, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(OUTBOX)
        return cursor.fetchall()


CHECKS: dict[str, Callable[[datetime], Facts]] = {
    "database": _database,
    "redis": _redis,
    "migrations": _migrations,
    "beat": _beat,
    "rollup": _rollup,
    "outbox": _outbox,
}
