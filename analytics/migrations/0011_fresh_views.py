"""Let the views of higher rungs show what has not climbed yet.

Each view shows the stored statuses, except those that are out of date, and the fresh ones. The
stored ones are still a plain join with a filter: an instance is a range of the key, and a range of
time leaves chunks out. The fresh ones are computed for all instances, whichever the query names.
They are few, because each rung climbs every few minutes at least.

The view of a rung that RUNGS does not name shows what is stored.
"""

from django.db import migrations

VIEWS = {
    "pointer_statuses_10s": 10_000,
    "pointer_statuses_1m": 60_000,
    "pointer_statuses_1h": 3_600_000,
}
COLUMNS = """
       status.events, status.traversed_distance, status.avg_velocity, status.peak_velocity,
       status.moving_time,
       case when status.moving_time > 0 then status.traversed_distance / status.moving_time
            else 0 end as active_velocity,
       status.start_x, status.start_y, status.end_x, status.end_y,
       status.end_x::float8 - status.start_x::float8 as net_travel_x,
       status.end_y::float8 - status.start_y::float8 as net_travel_y
"""
# The limit is for the planner, which takes a small table without statistics for a large one.
FRESH = """
with fresh as materialized (
    select status.browser_id, status.time, status.interval_ms, status.events::int,
           status.traversed_distance, status.avg_velocity, status.peak_velocity, status.moving_time,
           status.start_x, status.start_y, status.end_x, status.end_y
    from (select interval_ms from analytics_rung where {rungs} limit 20) rung
    cross join lateral analytics_fresh_statuses(
        array(
            select finer.interval_ms from analytics_rung finer
            where finer.interval_ms <= rung.interval_ms order by finer.interval_ms
        ), null, '-infinity', 'infinity'
    ) status
)"""
STORED_1S = """
select browser.instance_id, status.time{interval},{columns}
from dashboard_pointerstatus status
join dashboard_browser browser on browser.id = status.browser_id
where status.interval_ms = 1000
"""
STORED = """
select browser.instance_id, status.time{interval},{columns}
from dashboard_coarsestatus status
join dashboard_browser browser on browser.id = status.browser_id
where {of_rung}{and_not_fresh}
"""
NOT_FRESH = """
and (status.browser_id, status.interval_ms, status.time) not in (
    select browser_id, interval_ms, time from fresh
)"""
AND_FRESH = """
union all
select browser.instance_id, status.time{interval},{columns}
from fresh status join dashboard_browser browser on browser.id = status.browser_id
"""


def one_rung(interval_ms: int, *, is_fresh: bool) -> str:
    words = {"interval": "", "columns": COLUMNS, "of_rung": f"status.interval_ms = {interval_ms}"}
    if not is_fresh:
        return STORED.format(and_not_fresh="", **words)
    fresh = FRESH.format(rungs=f"interval_ms = {interval_ms}")
    return fresh + STORED.format(and_not_fresh=NOT_FRESH, **words) + AND_FRESH.format(**words)


def all_rungs(*, is_fresh: bool) -> str:
    words = {"interval": ", status.interval_ms", "columns": COLUMNS, "of_rung": "true"}
    first = STORED_1S.format(**words) + "union all"
    if not is_fresh:
        return first + STORED.format(and_not_fresh="", **words)
    fresh = FRESH.format(rungs="true")
    stored = STORED.format(and_not_fresh=NOT_FRESH, **words)
    return fresh + first + stored + AND_FRESH.format(**words)


def replace(*, is_fresh: bool) -> str:
    """Return the statements; the columns stay, so grants and comments do too."""
    views = {"pointer_statuses": all_rungs(is_fresh=is_fresh)}
    views |= {view: one_rung(ms, is_fresh=is_fresh) for view, ms in VIEWS.items()}
    return "".join(f"create or replace view {view} as {text};\n" for view, text in views.items())


class Migration(migrations.Migration):
    dependencies = [("analytics", "0010_fresh_statuses")]

    operations = [
        migrations.RunSQL(sql=replace(is_fresh=True), reverse_sql=replace(is_fresh=False))
    ]
