"""The part of a claim that one statement recomputes, counted in rows of the level below.

A mark is for a few new samples, but its buckets may hold any number of older ones. Buckets that do
not fit are put back into the outbox.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from analytics.rollups.claim import Claimed
from analytics.rollups.spans import Span, read_spans
from core.values.durations import FIRST_RUNG_MS
from dashboard.statuses.ladder import RAW, level_below

# A larger bucket, in samples, gets its own job, because others would wait for it
# (analytics/rollups/large_buckets.py). Never change this while a worker runs: a worker that takes
# such a bucket for an ordinary one would write it at the same time as that job.
LARGE = 5_000
EMPTY = "{}"

# For each browser the count stops one row after twice `large`. The bucket that it stopped in, the
# first one of more than `large` rows, and all later ones do not fit. Two other buckets always do:
# one that changed, and the next, whose segment it may have changed. Otherwise that one would be put
# back, come with its own next one, and so on through all of a dense hour. Browsers with few rows go
# first, and those beyond `work` do not fit.
# Locks: none. Rows that commit later have marks that wait their turn.
ROWS = """
from unnest({of}.spans) as one (span) cross join lateral (
    select time from {below}
    where {below}.browser_id = {of}.browser_id and {level} and time >= lower(one.span)
        and time < upper(one.span) and time >= %(since)s and time < %(until)s
    order by time
) below
"""
FIT = """
with spans as (
    select * from unnest(%(browsers)s::bigint[], %(spans)s::tstzmultirange[])
        as one (browser_id, spans)
), volume as (
    select browser_id, spans, (
        select count(*) from (select {of_spans} limit 2 * %(large)s + 1) few
    ) as rows
    from spans
), bucket as (
    select volume.browser_id, few.bucket, count(*) as rows
    from volume cross join lateral (
        select time_bucket(%(interval)s, below.time) as bucket {of_volume} limit 2 * %(large)s + 1
    ) few
    where volume.rows > %(large)s group by 1, 2
), cut as (
    select browser_id, least(
        min(bucket) filter (where rows > %(large)s),
        case when sum(rows) > 2 * %(large)s then max(bucket) end
    ) as cut
    from bucket group by browser_id
), before as (
    select browser_id, cut, coalesce(sum(rows) filter (where bucket < cut), 0) as rows,
        bool_or(bucket = cut and rows > %(large)s) as is_large
    from cut join bucket using (browser_id) where cut is not null group by browser_id, cut
), share as (
    select browser_id, spans, cut, is_large is true as is_large,
        coalesce(before.rows, volume.rows) as rows
    from volume left join before using (browser_id)
), fit as (
    select browser_id, cut, is_large, case
        when sum(rows) over (order by rows, browser_id) - rows >= %(work)s then '{{}}'
        else spans * tstzmultirange(tstzrange(null, cut)) end as fits, spans
    from share
)
select browser_id, fits::text, lower(fits), upper(fits),
    (spans - fits - case when is_large
        then tstzmultirange(tstzrange(cut, cut + %(interval)s)) else '{{}}' end)::text,
    case when is_large then cut end
from fit
"""


def _fit(below: str, level: str) -> str:
    of = {f"of_{of}": ROWS.format(below=below, level=level, of=of) for of in ("spans", "volume")}
    return FIT.format(**of)


FIT_SAMPLES = _fit("analytics_pointerpositionevent", "true")
FIT_FIRST_RUNG, FIT_HIGHER_RUNG = (
    _fit(table, "interval_ms = %(level)s")
    for table in ("dashboard_pointerstatus", "dashboard_coarsestatus")
)

# They keep the age of the marks that they were claimed from.
PUT_BACK = """
insert into analytics_dirtyrange (browser_id, since, until, rung, created_at)
select browser_id, lower(range), upper(range) - interval '1 microsecond', %(rung)s, created_at
from unnest(%(browsers)s::bigint[], %(rests)s::tstzmultirange[], %(created)s::timestamptz[])
    as one (browser_id, rest, created_at), unnest(rest) as range
"""
# One mark replaces all that wait for the bucket. The deleted marks belong to browsers whose rows
# the claim has locked, and the job, which begins after the commit, finds their samples.
SET_ASIDE = """
with large as (
    select * from unnest(
        %(browsers)s::bigint[], %(buckets)s::timestamptz[], %(created)s::timestamptz[]
    ) as one (browser_id, bucket, created_at)
), replaced as (
    delete from analytics_dirtyrange mark using large
    where not mark.large and mark.rung = %(rung)s and mark.browser_id = large.browser_id
        and mark.since >= large.bucket and mark.until < large.bucket + %(interval)s
)
insert into analytics_dirtyrange (browser_id, since, until, rung, created_at, large)
select browser_id, bucket, bucket, %(rung)s, created_at, true from large
"""


class Fit(NamedTuple):
    """Whole buckets of a browser: those that fit, from `since` to `until`, and the rest.

    Both are multiranges as text. `large` is a bucket that never fits; it is in neither.
    """

    browser_id: int
    spans: str
    since: datetime | None
    until: datetime | None
    rest: str
    large: datetime | None


class Fitting(NamedTuple):
    """The spans to recompute, and whether anything was put back for a later claim."""

    spans: list[Span]
    is_cut: bool


def fit(cursor: Any, *, rung: int, claimed: Sequence[Claimed], work: int) -> Fitting:
    """Return the spans of a claim to recompute, in all about `work` rows of the level below.

    The rest is put back into the outbox, and a bucket that is too large is set aside there.
    """
    touched = read_spans(cursor, rung=rung, claimed=claimed)
    if not touched:
        return Fitting([], False)
    cursor.execute(_statement(rung), _parameters(rung, touched, work))
    fits = [Fit(*row) for row in cursor.fetchall()]
    created = {browser.browser_id: browser.created_at for browser in claimed}
    rests = [one for one in fits if one.rest != EMPTY]
    _put_back(cursor, rung, rests, created)
    _set_aside(cursor, rung, [one for one in fits if one.large], created)
    spans = [
        Span(one.browser_id, one.spans, one.since, one.until)
        for one in fits
        if one.since and one.until
    ]
    return Fitting(spans, bool(rests))


def _statement(rung: int) -> str:
    return {RAW: FIT_SAMPLES, FIRST_RUNG_MS: FIT_FIRST_RUNG}.get(level_below(rung), FIT_HIGHER_RUNG)


def _parameters(rung: int, touched: Sequence[Span], work: int) -> dict[str, Any]:
    below = level_below(rung)
    return {
        "browsers": [one.browser_id for one in touched],
        "spans": [one.spans for one in touched],
        "since": min(one.since for one in touched),
        "until": max(one.until for one in touched),
        "interval": timedelta(milliseconds=rung),
        "level": below,
        # A bucket of a higher rung never has more statuses than this.
        "large": max(LARGE, rung // below if below else 0),
        "work": work,
    }


def _put_back(cursor: Any, rung: int, rests: list[Fit], created: dict[int, datetime]) -> None:
    if rests:
        parameters = {
            "rung": rung,
            "browsers": [one.browser_id for one in rests],
            "rests": [one.rest for one in rests],
            "created": [created[one.browser_id] for one in rests],
        }
        cursor.execute(PUT_BACK, parameters)


def _set_aside(cursor: Any, rung: int, large: list[Fit], created: dict[int, datetime]) -> None:
    if large:
        parameters = {
            "rung": rung,
            "interval": timedelta(milliseconds=rung),
            "browsers": [one.browser_id for one in large],
            "buckets": [one.large for one in large],
            "created": [created[one.browser_id] for one in large],
        }
        cursor.execute(SET_ASIDE, parameters)
