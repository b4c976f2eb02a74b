"""The claim of a drain: a bounded amount of work, taken fairly from all waiting browsers.

A claim is bounded twice. Each mark states its number of samples (for higher rungs: statuses), and a
claim takes marks up to a total. Then it counts the rows in their buckets, and puts back those
beyond the bound. The count itself stops there.

A claim is fair. It takes the same amount of work from each browser, the earliest marks first. It
takes either fresh marks or backlog, which is late data and marks that have waited for minutes.
Claims of backlog go round: each begins after the browser that the last one ended with.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from analytics.rollups.shards import counting
from dashboard.streaming.stream import WINDOW

# Marks that begin within the streams' window. A tracker's marks do, unless it was offline.
FRESH = WINDOW
# How many marks of one browser a claim looks at.
MOST_MARKS = 400
# In samples: what a range of buckets by itself costs (half a millisecond; it keeps claims short),
# and what a mark is taken to be for that does not say it.
APART = 400
UNKNOWN = 100

# `waiting` steps through an index from browser to browser, so that its cost depends on the number
# of browsers, not of marks. A mark costs its number of samples. If it does not touch the previous
# mark it costs `apart` more, because its range needs a look-up of the segment that it begins with.
#
# Locks: first the browsers, shared, then the deleted marks; the count enforces that order. An
# erasure takes the browser and then its marks, so the other order would deadlock. Either it waits
# for us, or we wait for it, find the browser gone and roll nothing up for it.
CLAIM = """
with recursive waiting as (
    select first.* from (
        select browser_id, since from analytics_dirtyrange
        where not large and rung = %(rung)s and browser_id > %(after)s
        order by browser_id, since limit 1
    ) first
    union all
    select next.* from waiting cross join lateral (
        select browser_id, since from analytics_dirtyrange
        where not large and rung = %(rung)s and browser_id > waiting.browser_id
        order by browser_id, since limit 1
    ) next
), turn as materialized (
    select browser_id, since < %(fresh)s as has_backlog from waiting
    where browser_id %% %(slots)s %% %(shards)s = %(shard)s and since < %(before)s::timestamptz
    limit %(browsers)s
), mark as (
    select turn.browser_id, m.id, coalesce(m.events, %(unknown)s) + case
        when m.since <= lag(m.until) over run + %(interval)s then 0 else %(apart)s end as cost,
        row_number() over run as number, m.since
    from turn cross join lateral (
        select id, since, until, events from analytics_dirtyrange
        where not large and rung = %(rung)s and browser_id = turn.browser_id
            and since >= %(from)s::timestamptz and since < %(before)s::timestamptz
        order by since limit %(marks)s
    ) m
    window run as (partition by turn.browser_id order by m.since, m.id)
), depth as (
    select *, sum(cost) over (partition by browser_id order by number) as depth from mark
), counted as materialized (
    select *, sum(cost) over (order by depth - cost, browser_id, number) - cost as before from depth
), taken as materialized (
    select id, browser_id from counted where before < %(work)s
), living as materialized (
    select id from dashboard_browser where id in (select browser_id from taken)
    order by id for key share
), claimed as (
    delete from analytics_dirtyrange
    where id in (select id from taken) and (select count(*) from living) >= 0
    returning browser_id, since, until, created_at
), rest as (
    select coalesce(bool_or(has_backlog), false) as has_backlog, count(*) as browsers,
        exists (select from counted where before >= %(work)s or number = %(marks)s) as is_cut
    from turn
)
select rest.*, browser.* from rest left join (
    select same.browser_id, living.id is not null as is_there, sum(marks)::bigint as marks,
        min(created_at) as created_at, min(since) as since, max(until) as until,
        range_agg(tstzrange(since, until))::text as buckets
    from (
        select browser_id, count(*) as marks, min(created_at) as created_at,
            time_bucket(%(interval)s, since) as since,
            time_bucket(%(interval)s, until) + %(interval)s as until
        from claimed group by 1, 4, 5
    ) same left join living on living.id = same.browser_id
    group by same.browser_id, living.id
) browser on true
"""


class Portion(NamedTuple):
    """What a claim takes: marks that begin in [since, before), for `work` samples.

    It goes through `browsers` browsers, starting after `after`. Marks that begin before `fresh` are
    backlog.
    """

    since: datetime | None
    before: datetime | None
    fresh: datetime
    work: int
    browsers: int | None = None
    after: int = -1


class Claimed(NamedTuple):
    """A browser's claimed marks: how many, the oldest's time, and the whole buckets they touch.

    `buckets` is a multirange, as text, from `since` to `until`. `is_there` is false if the browser
    has been erased meanwhile.
    """

    browser_id: int
    is_there: bool
    marks: int
    created_at: datetime
    since: datetime
    until: datetime
    buckets: str


class Claim(NamedTuple):
    """The result of a claim.

    `has_backlog` says whether any visited browser has backlog, `is_cut` whether marks of one were
    left, and `browsers` how many were visited.
    """

    has_backlog: bool
    browsers: int
    is_cut: bool
    claimed: list[Claimed]


def fresh_marks(*, now: datetime, work: int) -> Portion:
    """Return the portion of all marks that begin in the last minutes before `now`."""
    return Portion(now - FRESH, None, now - FRESH, work)


def backlog_marks(*, now: datetime, work: int, browsers: int, after: int) -> Portion:
    """Return the portion of older marks, of `browsers` browsers from the one after `after`."""
    return Portion(None, now - FRESH, now - FRESH, work, browsers, after)


def claim(cursor: Any, *, rung: int, shard: int, portion: Portion) -> Claim:
    """Take marks out of the outbox, in a transaction that holds the shard's turn."""
    cursor.execute(CLAIM, _parameters(rung, shard, portion))
    rows = cursor.fetchall()
    has_backlog, browsers, is_cut, *_ = rows[0]
    claimed = [Claimed(*row[3:]) for row in rows if row[3] is not None]
    return Claim(has_backlog, browsers, is_cut, claimed)


def _parameters(rung: int, shard: int, portion: Portion) -> dict[str, Any]:
    return {
        "rung": rung,
        "interval": timedelta(milliseconds=rung),
        "shard": shard,
        **counting(),
        "unknown": UNKNOWN,
        "apart": APART,
        "marks": MOST_MARKS,
        **portion._asdict(),
        "from": portion.since or "-infinity",
        "before": portion.before or "infinity",
    }
