"""A benchmark's own database: created, filled by SQL alone, dropped at the end."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import connection
from tqdm import tqdm

from core.storage.session_limits import limited

START = datetime.fromisoformat("2026-11-20T00:00:00Z")
HZ = 60
BATCH_EVENTS = 15  # A tracker's batch of 250 ms.
SLICE_ROWS = 500_000

BROWSERS = """
insert into dashboard_browser (instance_id, is_active, logged_on_at, token_version)
select gen_random_uuid(), true, %(start)s, 1 from generate_series(1, %(browsers)s)
"""
# In the order of arrival: a batch of each browser, then the next of each. The paths are Lissajous
# figures.
EVENTS = """
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select b.id, %(start)s + i * interval '1 second' / %(hz)s,
       960 + 800 * sin(i / 37.0 + b.id), 540 + 500 * cos(i / 23.0 + b.id), i, i = 0
from generate_series(%(first)s, %(last)s) batch, dashboard_browser b,
     generate_series(batch * %(batch)s, (batch + 1) * %(batch)s - 1) i
order by batch, b.id, i
"""
MARKS = """
insert into analytics_dirtyrange (browser_id, since, until, rung, events)
select browser_id, min(time), max(time), 1000, count(*) from analytics_pointerpositionevent
group by browser_id, seq / %(batch)s order by min(time), browser_id
"""

# The bare roll-up statement: all statuses of 1 s from all samples, or from the samples of a range.
ROLL_UP = """
with segment as (
    select browser_id, time, seq, x, y, time_bucket('1 second', time) as bucket,
           case when enter then 0 else coalesce(sqrt((x::float8 - lag(x) over run) ^ 2
                                                   + (y::float8 - lag(y) over run) ^ 2), 0)
           end as distance,
           date_part('epoch', time - lag(time) over run) as seconds
    from analytics_pointerpositionevent {where}
    window run as (partition by browser_id order by time, seq)
), slice as (
    select browser_id, bucket, time_bucket('100 ms', time) as start, count(*) as events,
           sum(distance) as distance,
           sum(least(seconds, 0.25)) filter (where distance > 0) as moving,
           first(x, time) as start_x, first(y, time) as start_y,
           last(x, time) as end_x, last(y, time) as end_y
    from segment group by browser_id, bucket, start
)
insert into dashboard_pointerstatus (
    browser_id, interval_ms, time, events, traversed_distance, avg_velocity, peak_velocity,
    moving_time, start_x, start_y, end_x, end_y)
select browser_id, 1000, bucket, sum(events), sum(distance), sum(distance),
       max(distance) / 0.1, coalesce(sum(moving), 0), first(start_x, start), first(start_y, start),
       last(end_x, start), last(end_y, start)
from slice group by browser_id, bucket
"""


@contextmanager
def own_database() -> Iterator[str]:
    """Use a new, migrated database on the server of DATABASE_URL, and drop it at the end.

    Yields its name, for `use` with several databases.
    """
    settings = connection.settings_dict
    before, name = settings["NAME"], f"benchmark_{secrets.token_hex(4)}"
    settings["TEST"]["NAME"] = name
    # Filling takes longer than a request may, and dropping waits for a checkpoint.
    with limited({"statement_timeout": "0"}):
        connection.creation.create_test_db(verbosity=0, serialize=False)
        try:
            use(name)
            yield name
        finally:
            use(name)
            connection.creation.destroy_test_db(before, verbosity=0)


def use(name: str) -> None:
    """Connect Django to that database."""
    connection.close()
    connection.settings_dict["NAME"] = name


def fill(*, rows: int, browsers: int) -> timedelta:
    """Store about `rows` samples of browsers in constant movement; return their time span.

    Call it once: existing browsers would start from START again.
    """
    run(BROWSERS, {"start": START, "browsers": browsers})
    batches = max(rows // (browsers * BATCH_EVENTS), 1)
    step = max(SLICE_ROWS // (browsers * BATCH_EVENTS), 1)
    with tqdm(total=batches, desc="samples", unit=" batches", disable=None) as bar:
        for first in range(0, batches, step):
            last = min(first + step, batches) - 1
            more = {"first": first, "last": last, "batch": BATCH_EVENTS, "hz": HZ}
            run(EVENTS, {"start": START, **more})
            bar.update(last + 1 - first)
    run("vacuum analyze analytics_pointerpositionevent")
    return timedelta(seconds=batches * BATCH_EVENTS / HZ)


def mark_all() -> None:
    """Put a mark into the outbox for each batch, in the order of arrival."""
    run("truncate analytics_dirtyrange")
    run(MARKS, {"batch": BATCH_EVENTS})
    run("vacuum analyze analytics_dirtyrange")


def run(statement: str, parameters: dict | None = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []
