"""Recomputing of whole buckets of one rung from the level below it.

Which buckets a claim touches, also by late samples: spans.py.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings

from analytics.rollups.formulas import FROM_SAMPLES, FROM_STATUSES
from analytics.rollups.heat_marks import HEAT_MARKS, leaves_heat_marks
from analytics.rollups.spans import Span
from analytics.rollups.trial_marks import OF_SAMPLES
from core.values.durations import FIRST_RUNG_MS
from core.values.times import to_rfc3339
from dashboard.statuses.ladder import level_below, rung_above
from dashboard.statuses.presence import GONE_AFTER
from dashboard.streaming.stream import WINDOW, Change
from dashboard.wire import Status

# The sample before a bucket is rarely older: a pointer at rest sends nothing.
RECENT = timedelta(hours=1)

# Runs after the claim in a later statement: READ COMMITTED gives it a snapshot that holds every
# sample, or finer status, whose mark the claim took. Rows committed later have marks that wait
# their turn.
SPAN = """
with span as (
    select browser_id, unnest(spans) as span
    from unnest(%(browsers)s::bigint[], %(spans)s::tstzmultirange[]) as one (browser_id, spans)
)"""

# Locks: the statuses it writes, which belong to our shard only, in key order. Changes are marked
# for the rung above, an hour's changes as one range. Each row has the number of all changes; the
# rows are those changes that a stream shows. An instance that was away and moved is present again,
# and one that moved before all that was known of it is known from then on; only the rows of those
# are written, and a log-off of them waits for us.
WRITE = """
changed as (
    insert into {table} as old (
        browser_id, interval_ms, time, events, traversed_distance, avg_velocity, peak_velocity,
        moving_time, start_x, start_y, end_x, end_y)
    select browser_id, interval_ms, time, events, traversed_distance, avg_velocity, peak_velocity,
           moving_time, start_x, start_y, end_x, end_y
    from {source} order by browser_id, time
    on conflict (browser_id, interval_ms, time) do update set
        events = excluded.events, traversed_distance = excluded.traversed_distance,
        avg_velocity = excluded.avg_velocity, peak_velocity = excluded.peak_velocity,
        moving_time = excluded.moving_time, start_x = excluded.start_x, start_y = excluded.start_y,
        end_x = excluded.end_x, end_y = excluded.end_y
    where old.* is distinct from excluded.*
    returning *
), mark as (
    insert into analytics_dirtyrange (browser_id, since, until, rung, events)
    select browser_id, min(time), max(time), %(above)s, count(*) from changed
    where %(above)s::int is not null
    group by browser_id, time_bucket(greatest(%(interval)s, interval '1 hour'), time)
){marks}, moved as (
    select browser_id, min(time) as first, max(time) > %(gone_before)s as is_recent from changed
    where interval_ms = %(streamed)s group by browser_id
), known as (
    update dashboard_browser set
        first_known_at = least(first_known_at, first),
        away_since = case when not (is_active and is_recent) then away_since end
    from moved where id = browser_id
        and (first < first_known_at - interval '1 second'
             or is_active and is_recent and away_since is not null)
), total as (
    select count(*) as changes, pg_current_xact_id()::text::bigint as version from changed
)
select total.changes, b.instance_id, total.version, c.time, c.interval_ms, c.events,
       c.traversed_distance, c.avg_velocity, c.peak_velocity, c.moving_time,
       c.start_x, c.start_y, c.end_x, c.end_y
from total
left join changed c on c.time >= %(streamed_since)s and c.interval_ms = %(streamed)s
left join dashboard_browser b on b.id = c.browser_id
order by b.instance_id, c.time
"""
# Locks: the browser, shared, once everything is computed, and then the marks. Until then an erasure
# does not wait for us, and if it comes first we find the browser gone.
LARGE = """
living as materialized (
    select id from dashboard_browser where id in (select browser_id from fresh) for key share
), done as (
    delete from analytics_dirtyrange
    where id = any(%(marks)s) and (select count(*) from living) >= 0
), of_living as (
    select fresh.* from fresh join living on id = browser_id
)"""


def _statements(marks: str) -> tuple[str, str, str]:
    first, first_of_living, higher = (
        WRITE.format(table=table, source=source, marks=marks)
        for table, source in (
            ("dashboard_pointerstatus", "fresh"),
            ("dashboard_pointerstatus", "of_living"),
            ("dashboard_coarsestatus", "fresh"),
        )
    )
    return (
        ",".join([SPAN, FROM_SAMPLES, first]),
        ",".join([SPAN, FROM_SAMPLES, LARGE, first_of_living]),
        ",".join([SPAN, FROM_STATUSES, higher]),
    )


ROLL_UP, ROLL_UP_LARGE, CLIMB = _statements("")
MARKING = dict(
    zip((ROLL_UP, ROLL_UP_LARGE, CLIMB), _statements(HEAT_MARKS + OF_SAMPLES), strict=True)
)


class Recomputed(NamedTuple):
    """How many statuses changed, and those of them that a stream shows."""

    statuses: int
    changes: list[Change]


def recompute(cursor: Any, *, rung: int, spans: Sequence[Span], now: datetime) -> Recomputed:
    """Recompute buckets of a rung, and mark changes for the rung above.

    The caller must be the only writer of these buckets until the end of its transaction. Streams
    show the first rung's statuses of the last minutes before `now`.
    """
    statement = ROLL_UP if rung == FIRST_RUNG_MS else CLIMB
    cursor.execute(_for(rung, statement), _parameters(rung, spans, now))
    return _read(cursor)


def recompute_large(cursor: Any, *, span: Span, marks: list[int], now: datetime) -> Recomputed:
    """Recompute a bucket of the first rung as `recompute` does, and delete its marks.

    Nothing is locked while it is computed. If its browser is erased meanwhile, nothing is written.
    """
    parameters = {**_parameters(FIRST_RUNG_MS, [span], now), "marks": marks}
    cursor.execute(_for(FIRST_RUNG_MS, ROLL_UP_LARGE), parameters)
    return _read(cursor)


def _for(rung: int, statement: str) -> str:
    return MARKING[statement] if leaves_heat_marks(rung) else statement


def _read(cursor: Any) -> Recomputed:
    rows = cursor.fetchall()
    return Recomputed(rows[0][0], [_to_change(row) for row in rows if row[1]])


def _to_change(row: tuple) -> Change:
    _, instance_id, version, time, *numbers = row
    return Change(instance_id, version, Status(to_rfc3339(time), *numbers))


def _parameters(rung: int, spans: Sequence[Span], now: datetime) -> dict[str, Any]:
    since = min(span.since for span in spans)
    return {
        "browsers": [span.browser_id for span in spans],
        "spans": [span.spans for span in spans],
        "since": since,
        "recent": since - RECENT,
        "until": max(span.until for span in spans),
        "rung": rung,
        "level": level_below(rung),
        "above": rung_above(rung),
        "interval": timedelta(milliseconds=rung),
        "streamed": FIRST_RUNG_MS,
        "streamed_since": now - WINDOW,
        "gone_before": now - GONE_AFTER,
        "idle_gap": settings.IDLE_GAP_MS / 1000,
    }
