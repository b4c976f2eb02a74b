"""The last sample before a moment, for a drain's segment that begins there.

A drain looks for it among the samples of the last hour, and nearly always finds it. Where it does
not, it has to look through all chunks there are, which took more time to make ready than all else
that a small drain does. In a function of its own that is made ready when it is called.

Where that sample has been dropped already, the status of its second still says where it was.

Locks: none. Snapshot: that of the statement which calls it (`stable`).
"""

from django.db import migrations

CREATE = """
create function analytics_sample_before(browser bigint, before timestamptz)
returns table (at timestamptz, x real, y real, seq int, enter bool)
language plpgsql stable set plan_cache_mode = force_generic_plan as $$
begin
    return query
    select * from (
        (select e.time, e.x, e.y, e.seq, e.enter from analytics_pointerpositionevent e
         where e.browser_id = browser and e.time < before
         order by e.time desc, e.seq desc limit 1)
        union all
        (select s.time, s.end_x, s.end_y, -1, false from dashboard_pointerstatus s
         where s.browser_id = browser and s.interval_ms = 1000 and s.time < before
         order by s.time desc limit 1)
    ) earlier (at, x, y, seq, enter) order by earlier.at desc, earlier.seq desc limit 1;
end
$$
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0009_count_conflicts")]

    operations = [
        migrations.RunSQL(sql=CREATE, reverse_sql="drop function analytics_sample_before"),
    ]
