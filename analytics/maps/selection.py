"""The selection of a page's heat that a reader asks for, and the whole buckets that it covers."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from analytics.maps.buckets import DAY_MS, HEAT_MS
from analytics.models import Seal
from analytics.rollups import HEAT
from core.storage.replica import stale
from dashboard.statuses.intervals import ORIGIN, align, floor

# The heat in [since, until) as each browser's buckets: stored ones, or fresh ones where those are
# out of date. It covers the spans in `fine`; PageHeat covers the rest.
FINE_HEAT = """
unmapped as materialized (
    select * from analytics_unmapped(%(page)s, %(since)s::timestamptz, %(until)s::timestamptz)
), named as materialized (
    select id from dashboard_browser where %(label)s <> '' and starts_with(label, %(label)s)
), outdated as materialized (
    select time_bucket(%(length)s, since) as start from analytics_dirtypage
    where page_id = %(page)s and length_ms = %(length_ms)s
    union
    select generate_series(
        time_bucket(%(length)s, lower(one)), upper(one) - interval '1 us', %(length)s
    )
    from unmapped cross join lateral unnest(buckets) one
), whole as materialized (
    select start from generate_series(
        %(first)s::timestamptz, %(last)s::timestamptz - interval '1 us', %(length)s
    ) start
    where start < %(unsealed)s or (%(label)s = '' and start not in (select start from outdated))
), fine as materialized (
    select unnest(
        tstzmultirange(tstzrange(greatest(%(since)s::timestamptz, %(unsealed)s::timestamptz),
                                 greatest(%(until)s::timestamptz, %(unsealed)s::timestamptz)))
        - coalesce((select range_agg(tstzrange(start, start + %(length)s)) from whole), '{{}}')
    ) as span
), fresh as materialized (
    select heat.* from (
        select array_agg(browser_id) as browsers, array_agg(buckets) as buckets
        from unmapped where %(label)s = '' or browser_id in (select id from named)
    ) waiting cross join lateral analytics_heat(browsers, waiting.buckets, %(idle_gap)s) heat
    where browsers is not null and page_id = %(page)s and {of_pointer}
        and exists (select from fine where fine.span @> heat.time)
), stored as materialized (
    select heat.* from fine join analytics_heatstatus heat
        on heat.time >= lower(fine.span) and heat.time < upper(fine.span)
    where heat.page_id = %(page)s and {of_pointer}
        and heat.time >= %(since)s and heat.time < %(until)s
        and (%(label)s = '' or browser_id in (select id from named))
        and not exists (
            select from unmapped
            where unmapped.browser_id = heat.browser_id and unmapped.buckets @> heat.time
        )
)"""


class Selection(NamedTuple):
    """A page's heat in the buckets that start in [since, until).

    Of one width class (its least viewport width) and one pointer type, or of all. A `label` keeps
    instances whose label begins with it. Buckets are of five minutes; where the heat of each
    instance may be gone they are days, and with a label there are none.
    """

    page_id: int
    since: datetime
    until: datetime
    width: int | None = None
    pointer: str | None = None
    label: str = ""


def whole_buckets(selection: Selection) -> Selection:
    """Return the selection with `since` and `until` moved to the next starts of buckets."""
    unsealed = unsealed_day()
    since, until = (
        align(moment, DAY_MS if moment < unsealed and not selection.label else HEAT_MS)
        for moment in (max(selection.since, ORIGIN), max(selection.until, ORIGIN))
    )
    if selection.label:
        since = max(since, unsealed)
    return selection._replace(since=since, until=max(since, until))


def unsealed_day() -> datetime:
    """Return the start of the first day of which each instance's heat is surely kept."""
    seal = stale(Seal).filter(level=HEAT).first()
    return align(seal.before, DAY_MS) if seal else ORIGIN


def to_parameters(selection: Selection, *, length_ms: int) -> dict[str, Any]:
    """Return the parameters of FINE_HEAT, for whole buckets of pages of a length.

    The selection must be of whole buckets.
    """
    since, until = selection.since, selection.until
    return {
        "page": selection.page_id,
        "since": since,
        "until": until,
        "first": align(since, length_ms),
        "last": max(floor(until, length_ms), align(since, length_ms)),
        "length": timedelta(milliseconds=length_ms),
        "length_ms": length_ms,
        "unsealed": unsealed_day(),
        "width": selection.width,
        "pointer": selection.pointer,
        "label": selection.label,
        "idle_gap": settings.IDLE_GAP_MS * 1000,
    }


def conditions(selection: Selection) -> dict[str, str]:
    """Return the parts of a statement that depend on whether a pointer type is wanted."""
    of_pointer = "pointer = %(pointer)s" if selection.pointer else "true"
    return {"of_pointer": of_pointer, "fine_heat": FINE_HEAT.format(of_pointer=of_pointer)}
