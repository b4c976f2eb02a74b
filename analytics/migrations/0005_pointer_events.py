"""`pointer_events`: the samples for whoever analyses them in SQL, stable while our tables change.

An instance has its public id there, not our key. The view is one plain join, so that PostgreSQL
plans a query as if the tables stood in it: an instance is a range of the key, and a range of time
leaves chunks out. A `distinct` or a window in it would stop that.
"""

from django.db import migrations

VIEW = """
create view pointer_events as
select browser.instance_id, event.time, event.x, event.y, event.seq, event.enter
from analytics_pointerpositionevent event
join dashboard_browser browser on browser.id = event.browser_id;

comment on view pointer_events is
    'Every stored pointer sample; its key is (instance_id, time, seq). Samples are dropped after '
    'RAW_RETENTION_DAYS. docs/analysis.md has examples.';
comment on column pointer_events.instance_id is 'UUID: the browser instance, as in the API';
comment on column pointer_events.time is
    'When the pointer was there, on the server''s time base; resolution 1 µs';
comment on column pointer_events.x is 'CSS px in the viewport, from the left; float32';
comment on column pointer_events.y is 'CSS px in the viewport, from the top; float32';
comment on column pointer_events.seq is
    'Count: the order of the samples that an instance has of one time';
comment on column pointer_events.enter is
    'Boolean: the first sample after the pointer came (back) into the page; the way to it is no '
    'movement';
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0004_seal"), ("dashboard", "0001_initial")]

    operations = [migrations.RunSQL(sql=VIEW, reverse_sql="drop view pointer_events;")]
