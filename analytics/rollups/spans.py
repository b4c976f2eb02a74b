"""The buckets that a claim's marks touch, also by late samples, as spans of each browser.

They are whole, and not sealed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from analytics.rollups.claim import Claimed
from dashboard.statuses.ladder import RAW, level_below

# The sample after a range is rarely later: it belongs to the same movement, or there is none yet.
SOON = timedelta(hours=1)

CLAIMED = """
with claimed as (
    select browser_id, unnest(buckets) as buckets
    from unnest(%(browsers)s::bigint[], %(buckets)s::tstzmultirange[]) as c (browser_id, buckets)
)"""
# A late sample changes the segment of the next sample, which may lie in a later bucket. Within the
# claim that bucket is recomputed anyway; so is that of the first sample after each range. The first
# search has constant bounds, so that it looks into few chunks; the second one rarely runs.
TOUCHED = """
touched as (
    select browser_id, buckets from claimed
    union all
    select browser_id, tstzrange(bucket, bucket + %(interval)s) from (
        select c.browser_id, time_bucket(%(interval)s, coalesce((
            select time from analytics_pointerpositionevent
            where browser_id = c.browser_id and time >= upper(c.buckets)
                and time >= %(since)s and time < %(soon)s
            order by time limit 1
        ), (
            select time from analytics_pointerpositionevent
            where browser_id = c.browser_id and time >= %(soon)s order by time limit 1
        ))) as bucket from claimed c
    ) next where bucket is not null
)"""
# Sealed buckets are left alone: the rows that they were made of may be gone.
# Locks: none. Runs in a later statement than the claim: its snapshot holds every sample, or finer
# status, whose mark was claimed. What commits after it has a mark that waits its turn.
SPANS = """
spans as (
    select browser_id, range_agg(buckets) * tstzmultirange(tstzrange((
        select time_bucket(%(interval)s, before + %(interval)s - interval '1 microsecond')
        from analytics_seal where level = %(level)s
    ), null)) as spans
    from {source} group by browser_id
)
select browser_id, spans::text, lower(spans), upper(spans) from spans where not isempty(spans)
"""
OF_SAMPLES = ",".join([CLAIMED, TOUCHED, SPANS.format(source="touched")])
OF_STATUSES = ",".join([CLAIMED, SPANS.format(source="claimed")])


class Span(NamedTuple):
    """Whole buckets of a browser, as a multirange in text, from `since` to `until`."""

    browser_id: int
    spans: str
    since: datetime
    until: datetime


def read_spans(cursor: Any, *, rung: int, claimed: Sequence[Claimed]) -> list[Span]:
    """Return the buckets of a rung that the claimed marks touch, for each browser that has any."""
    below = level_below(rung)
    parameters = {
        "browsers": [browser.browser_id for browser in claimed],
        "buckets": [browser.buckets for browser in claimed],
        "since": min(browser.since for browser in claimed),
        "soon": max(browser.until for browser in claimed) + SOON,
        "interval": timedelta(milliseconds=rung),
        "level": below,
    }
    cursor.execute(OF_SAMPLES if below == RAW else OF_STATUSES, parameters)
    return [Span(*row) for row in cursor.fetchall()]
