"""The views for analysis in SQL: `pointer_events`, `pointer_statuses`, and one for each usual rung.

They stay stable while our tables change, and they name an instance by its public id. Each view is
a plain join or a union of two, so that PostgreSQL plans a query as if it named the tables: an
instance is a range of the key, and a range of time leaves chunks out. A `distinct` or a window
function in a view would stop that.

Rungs are a setting, but views are fixed. A rung's view shows the statuses that are stored for it,
so it is empty where the rung is not kept. `pointer_statuses` shows all rungs. No view computes a
rung from finer ones, because the result would be silently wrong where those were dropped.
"""

from pathlib import Path

from django.db import migrations

EVENTS = (Path(__file__).parent / "pointer_events.sql").read_text()
SOURCES = {
    "pointer_statuses_1s": ("dashboard_pointerstatus", 1000, "1 s"),
    "pointer_statuses_10s": ("dashboard_coarsestatus", 10_000, "10 s"),
    "pointer_statuses_1m": ("dashboard_coarsestatus", 60_000, "1 min"),
    "pointer_statuses_1h": ("dashboard_coarsestatus", 3_600_000, "1 h"),
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
OF_ONE_RUNG = """
create view {view} as
select browser.instance_id, status.time,{columns}
from {table} status
join dashboard_browser browser on browser.id = status.browser_id
where status.interval_ms = {interval_ms};
"""
OF_ALL_RUNGS = """
create view pointer_statuses as
select browser.instance_id, status.time, status.interval_ms,{columns}
from dashboard_pointerstatus status
join dashboard_browser browser on browser.id = status.browser_id
where status.interval_ms = 1000
union all
select browser.instance_id, status.time, status.interval_ms,{columns}
from dashboard_coarsestatus status
join dashboard_browser browser on browser.id = status.browser_id;
comment on column pointer_statuses.interval_ms is 'ms: the length of the bucket, which is its rung';
"""
ABOUT_ONE = (
    "What an instance''s pointer did in each bucket of {length} with events; its key is "
    "(instance_id, time). Empty where RUNGS does not keep this rung. docs/metrics.md defines the "
    "numbers, docs/analysis.md has examples."
)
ABOUT_ALL = (
    "What an instance''s pointer did in each bucket with events, of every rung; its key is "
    "(instance_id, interval_ms, time). Name one interval_ms: the rungs hold the same movement. "
    "docs/metrics.md defines the numbers, docs/analysis.md has examples."
)
# `segment`, `idle gap` and the rest are docs/metrics.md's words.
COMMENTS = {
    "instance_id": "UUID: the browser instance, as in the API",
    "time": "When the bucket starts; it holds what ends in [time, time + its length)",
    "events": "Count: samples in the bucket",
    "traversed_distance": "px: the sum of the segments'' lengths; the way to an entry has none",
    "avg_velocity": "px/s: traversed_distance / the bucket''s length, rest included",
    "peak_velocity": "px/s: the largest distance in any 100 ms slice of the bucket, / 0.1 s",
    "moving_time": "s: the time of the segments that moved, each up to the idle gap of 0.25 s",
    "active_velocity": "px/s: traversed_distance / moving_time, 0 where nothing moved",
    "start_x": "CSS px: x of the bucket''s first sample",
    "start_y": "CSS px: y of the bucket''s first sample",
    "end_x": "CSS px: x of the bucket''s last sample",
    "end_y": "CSS px: y of the bucket''s last sample",
    "net_travel_x": "px: end_x - start_x, jumps at entries included; right is positive",
    "net_travel_y": "px: end_y - start_y, jumps at entries included; down is positive",
}


def commented(view: str, about: str) -> str:
    return f"comment on view {view} is '{about}';\n" + "".join(
        f"comment on column {view}.{column} is '{text}';\n" for column, text in COMMENTS.items()
    )


STATUSES = OF_ALL_RUNGS.format(columns=COLUMNS) + commented("pointer_statuses", ABOUT_ALL)
for view, (table, interval_ms, length) in SOURCES.items():
    STATUSES += OF_ONE_RUNG.format(view=view, table=table, interval_ms=interval_ms, columns=COLUMNS)
    STATUSES += commented(view, ABOUT_ONE.format(length=length))


class Migration(migrations.Migration):
    replaces = [("analytics", "0005_pointer_events"), ("analytics", "0006_pointer_statuses")]

    dependencies = [("analytics", "0003_functions"), ("dashboard", "0002_status_keys")]

    operations = [
        migrations.RunSQL(sql=EVENTS, reverse_sql="drop view pointer_events"),
        migrations.RunSQL(
            sql=STATUSES, reverse_sql=f"drop view {', '.join(('pointer_statuses', *SOURCES))}"
        ),
    ]
