"""Checks of trials: each is computed anew and compared with the stored one, as statuses are.

Trials that a mark in the outbox may change, and sealed ones, are not compared.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from analytics.models import DirtyRange, Trial
from analytics.rollups import TRIAL_MARKS, TRIAL_SCENES, TRIALS
from analytics.studies.trial_drain import SETTLING, make_trials
from analytics.studies.trials import compute_trials, key_of, stored_trials, values_of

RELATIVE_ERROR = 1e-9
# Samples reach trials through the rungs of at most a minute (analytics/rollups/heat_marks.py).
LONGEST_SOURCE_MS = 60_000
FIRST, LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)

PATIENCE = "select set_config('statement_timeout', '10min', true)"
BROWSERS = """
select browser_id from (
    select browser_id from analytics_trial
    union
    select browser_id from analytics_pointermark where name in ('trial:start', 'trial:end')
) one
where %(browsers)s::bigint[] is null or browser_id = any(%(browsers)s::bigint[])
order by browser_id
"""
# Times are as in SPANS (trial_drain.py).
WAITING = """
select since, case when rung = %(scenes)s then analytics_scene_end(browser_id, until) else
    until + greatest(rung, 0) * interval '1 ms' end
from analytics_dirtyrange
where browser_id = %(browser)s and (rung = any(%(rungs)s) or rung between 1 and %(longest)s)
"""


class TrialDifference(NamedTuple):
    """A column of a trial that differs from the expected one.

    A trial that is missing (stored: None) or superfluous (expected: None) differs in its state.
    """

    browser_id: int
    started_at: datetime
    column: str
    stored: Any
    expected: Any


class Step(NamedTuple):
    """The trials compared, and the differences, of one browser."""

    trials: int
    differences: list[TrialDifference]


def verify_trials(
    *, browser_ids: list[int] | None, since: datetime | None, until: datetime | None
) -> Iterator[Step]:
    """Compare the trials of some or all browsers that overlap [since, until], one by one."""
    with connection.cursor() as cursor:
        cursor.execute(BROWSERS, {"browsers": browser_ids})
        browsers = [browser for (browser,) in cursor.fetchall()]
    for browser in browsers:
        yield _verify(browser, since or FIRST, until or LAST)


def repair_trials(*, differences: Iterable[TrialDifference], now: datetime) -> None:
    """Mark the trials that differ, and make them anew."""
    DirtyRange.objects.bulk_create(
        DirtyRange(
            browser_id=browser_id,
            since=started_at,
            until=started_at,
            rung=TRIAL_MARKS,
            # Old enough to be claimed at once.
            created_at=now - 2 * SETTLING,
        )
        for browser_id, started_at in sorted({one[:2] for one in differences})
    )
    make_trials(now=now)


def _verify(browser_id: int, since: datetime, until: datetime) -> Step:
    with transaction.atomic(), connection.cursor() as cursor:
        _take_one_snapshot(cursor)
        stored, expected = (
            {key_of(one): one for one in read(browser_id=browser_id, since=since, until=until)}
            for read in (stored_trials, compute_trials)
        )
        waiting = _waiting(cursor, browser_id)
    pairs = {key: (stored.get(key), expected.get(key)) for key in stored.keys() | expected.keys()}
    settled = [key for key in sorted(pairs) if not _may_change(pairs[key], waiting)]
    found = [one for key in settled for one in _compare(browser_id, key[0], *pairs[key])]
    return Step(len(settled), found)


def _waiting(cursor: Any, browser_id: int) -> list[tuple[datetime, datetime]]:
    """Return the spans that marks in the outbox may change."""
    rungs = {"rungs": list(TRIALS), "scenes": TRIAL_SCENES, "longest": LONGEST_SOURCE_MS}
    cursor.execute(WAITING, {"browser": browser_id, **rungs})
    return cursor.fetchall()


def _may_change(
    trials: tuple[Trial | None, Trial | None], waiting: list[tuple[datetime, datetime]]
) -> bool:
    return any(
        one.started_at <= last and one.ended_at >= first
        for one in trials
        if one
        for first, last in waiting
    )


def _take_one_snapshot(cursor: Any) -> None:
    """Let all statements see one moment; an outer transaction has its own snapshots."""
    if len(connection.atomic_blocks) == 1:
        cursor.execute("set transaction isolation level repeatable read")
    cursor.execute(PATIENCE)


def _compare(
    browser_id: int, started_at: datetime, stored: Trial | None, expected: Trial | None
) -> Iterator[TrialDifference]:
    if stored is None or expected is None:
        states = (one and one.state for one in (stored, expected))
        yield TrialDifference(browser_id, started_at, "state", *states)
        return
    shall = values_of(expected)
    for column, was in values_of(stored).items():
        if not _is_same(was, shall[column]):
            yield TrialDifference(browser_id, started_at, column, was, shall[column])


def _is_same(was: Any, shall: Any) -> bool:
    if isinstance(was, list) and isinstance(shall, list):
        return len(was) == len(shall) and all(map(_is_same, was, shall))
    if isinstance(was, float) and isinstance(shall, float):
        return abs(was - shall) <= RELATIVE_ERROR * max(abs(shall), 1)
    return bool(was == shall)
