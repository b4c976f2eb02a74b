"""The drain of trials: from marks in the outbox to trials, made anew from all that is stored.

It has the promises of the ladder's drain (analytics/rollups/drain.py): the lock, the claim and the
recomputing are statements in this order, in one transaction, the last with later snapshots. Trials
are computed whole, so a second run changes nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from analytics.models import Heartbeat
from analytics.rollups import TRIAL_JOB, TRIAL_MARKS, TRIAL_SCENES, TRIALS, lock_job
from analytics.studies.trials import remake_trials

JOB = "trials"
# A mark covers at most five minutes of an instance, which a few hundred trials can share.
MOST_MARKS = 20
# A batch of scenes that began before a mark was visible leaves no mark of its own. Ingest's
# statements end within this time, so the drain sees such scenes, and the trial's last samples.
SETTLING = timedelta(seconds=10)

SET_LIMITS = """
select set_config('statement_timeout', '60s', true), set_config('lock_timeout', '10s', true),
       set_config('idle_in_transaction_session_timeout', '60s', true)
"""
# Locks: first the browsers, shared, then the deleted marks; the count enforces that order. An
# erasure takes the browser and then its marks. Either it waits for us, or we wait for it, find the
# browser gone, and make nothing for it.
CLAIM = """
with taken as materialized (
    select id, browser_id from analytics_dirtyrange
    where not large and rung = any(%(rungs)s)
        and created_at < statement_timestamp() - %(settling)s::interval
    order by rung desc, browser_id, since limit %(most)s
), living as materialized (
    select id from dashboard_browser where id in (select browser_id from taken)
    order by id for key share
), claimed as (
    delete from analytics_dirtyrange
    where id in (select id from taken) and (select count(*) from living) >= 0
    returning browser_id, rung, since, until
)
select browser_id, rung, since, until, living.id is not null
from claimed left join living on living.id = browser_id
"""
# A scene changes the samples until the next one. Locks: none. Runs in a later statement than the
# claim, so that its snapshot has every sample and scene whose mark was claimed.
SPANS = """
select browser_id, lower(span), upper(span) from (
    select browser_id, unnest(range_agg(tstzrange(since, case
        when rung = %(scenes)s then analytics_scene_end(browser_id, until) else until end, '[]')))
    from unnest(%(browsers)s::bigint[], %(rungs)s::int[], %(sinces)s::timestamptz[],
                %(untils)s::timestamptz[]) as claimed (browser_id, rung, since, until)
    group by browser_id
) one (browser_id, span) order by 1, 2
"""


class Made(NamedTuple):
    """The results of a drain of trials: marks taken from the outbox, and rows that changed."""

    marks: int
    rows: int


def make_trials(*, now: datetime, settling: timedelta = SETTLING) -> Made:
    """Make all trials that wait, one transaction a claim, and record that the job is alive.

    A second concurrent run does nothing. If it is killed, each claim is either done or undone.
    """
    Heartbeat.objects.update_or_create(job=JOB, defaults={"beat_at": now})
    steps = list(_steps(settling))
    return Made(sum(step.marks for step in steps), sum(step.rows for step in steps))


def _steps(settling: timedelta) -> Iterator[Made]:
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(SET_LIMITS)
            step = _step(cursor, settling)
        yield step
        if step.marks < MOST_MARKS:
            return


def _step(cursor: Any, settling: timedelta) -> Made:
    if not lock_job(cursor, rung=TRIAL_MARKS, slot=TRIAL_JOB):
        return Made(0, 0)
    cursor.execute(CLAIM, {"rungs": list(TRIALS), "settling": settling, "most": MOST_MARKS})
    claimed = cursor.fetchall()
    rows = sum(
        remake_trials(browser_id=browser, since=since, until=until)
        for browser, since, until in _spans(cursor, [row for row in claimed if row[-1]])
    )
    return Made(len(claimed), rows)


def _spans(cursor: Any, claimed: list[tuple[Any, ...]]) -> list[tuple[int, datetime, datetime]]:
    if not claimed:
        return []
    browsers, rungs, sinces, untils, _ = map(list, zip(*claimed, strict=True))
    parameters = {"browsers": browsers, "rungs": rungs, "sinces": sinces, "untils": untils}
    cursor.execute(SPANS, {**parameters, "scenes": TRIAL_SCENES})
    return cursor.fetchall()
