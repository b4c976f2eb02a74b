"""The claim of a drain of heat, and the whole buckets that its marks touch."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from analytics.rollups import HEAT, SCENES, counting

# Ten browsers' marks of an hour without a pause, or thousands of browsers' marks of one bucket.
MOST_MARKS = 2_000

# Locks: first the browsers, shared, then the deleted marks; the count enforces that order. An
# erasure takes the browser and then its marks. Either it waits for us, or we wait for it, find the
# browser gone, and map nothing for it.
CLAIM = """
with taken as materialized (
    select id, browser_id from analytics_dirtyrange
    where not large and rung in (%(heat)s, %(scenes)s) and since < %(before)s
        and browser_id %% %(slots)s %% %(shards)s = %(shard)s
    order by browser_id, since limit %(marks)s
), living as materialized (
    select id from dashboard_browser where id in (select browser_id from taken)
    order by id for key share
), claimed as (
    delete from analytics_dirtyrange
    where id in (select id from taken) and (select count(*) from living) >= 0
    returning browser_id, rung, since, until, created_at
)
select browser_id, living.id is not null, rung, count(*), min(since), max(until), min(created_at)
from claimed left join living on living.id = browser_id
group by browser_id, living.id, rung, time_bucket('5 minutes', since),
         time_bucket('5 minutes', until)
"""
# A scene that arrived late changes the pages of all samples until the next one. Sealed buckets are
# left out: their samples may be gone, or the scenes of the first hour after the seal.
# Locks: none. Runs in a later statement than the claim, so that its snapshot has every sample and
# scene whose mark was claimed. What commits later has a mark of its own.
TOUCHED = """
with touched as (
    select browser_id, range_agg(tstzrange(
        time_bucket('5 minutes', since),
        time_bucket('5 minutes', case
            when rung = %(scenes)s then analytics_scene_end(browser_id, until) else until end)
        + interval '5 minutes'
    )) * tstzmultirange(tstzrange((
        select time_bucket('5 minutes', before + interval '1 hour 5 minutes' - interval '1 us')
        from analytics_seal where level = 0
    ), null)) as spans
    from unnest(%(browsers)s::bigint[], %(rungs)s::int[], %(sinces)s::timestamptz[],
                %(untils)s::timestamptz[]) as claimed (browser_id, rung, since, until)
    group by browser_id
), bucket as (
    select browser_id, start, row_number() over (order by browser_id, start) <= %(most)s as fits
    from touched cross join lateral unnest(spans) span
    cross join lateral generate_series(
        lower(span), upper(span) - interval '1 us', interval '5 minutes'
    ) start
)
select browser_id, fits, min(start), max(start) + interval '5 minutes',
       range_agg(tstzrange(start, start + interval '5 minutes'))::text
from bucket group by browser_id, fits
"""
# The new marks keep the age of the oldest mark that was claimed.
PUT_BACK = """
insert into analytics_dirtyrange (browser_id, since, until, rung, created_at)
select browser_id, lower(range), upper(range) - interval '1 us', %(heat)s, %(created_at)s
from unnest(%(browsers)s::bigint[], %(rests)s::tstzmultirange[]) as one (browser_id, rest),
     unnest(rest) range
"""
CODES = {"heat": HEAT, "scenes": SCENES}


class Claimed(NamedTuple):
    """A browser's claimed marks that touch the same buckets.

    `is_there` is false if the browser has been erased meanwhile.
    """

    browser_id: int
    is_there: bool
    rung: int
    marks: int
    since: datetime
    until: datetime
    created_at: datetime


class Touched(NamedTuple):
    """Whole buckets of a browser, as a multirange in text, and whether this claim takes them."""

    browser_id: int
    fits: bool
    since: datetime
    until: datetime
    spans: str


def claim(cursor: Any, *, shard: int, before: datetime) -> list[Claimed]:
    """Take marks that begin before a moment out of the outbox; the caller has the shard's turn."""
    cursor.execute(
        CLAIM, {**CODES, **counting(), "before": before, "shard": shard, "marks": MOST_MARKS}
    )
    return [Claimed(*row) for row in cursor.fetchall()]


def read_touched(cursor: Any, *, claimed: Sequence[Claimed], most: int) -> list[Touched]:
    """Return the buckets that the marks touch; this claim takes at most `most` of them."""
    columns = {
        "browsers": [one.browser_id for one in claimed],
        "rungs": [one.rung for one in claimed],
        "sinces": [one.since for one in claimed],
        "untils": [one.until for one in claimed],
    }
    cursor.execute(TOUCHED, {**CODES, **columns, "most": most})
    return [Touched(*row) for row in cursor.fetchall()]


def put_back(cursor: Any, *, rests: Sequence[Touched], created_at: datetime) -> None:
    """Mark once more the buckets that this claim does not take."""
    parameters = {
        "browsers": [one.browser_id for one in rests],
        "rests": [one.spans for one in rests],
        "created_at": created_at,
    }
    cursor.execute(PUT_BACK, {**CODES, **parameters})
