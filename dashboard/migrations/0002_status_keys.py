"""Give both status tables their key (browser, interval, time), and no other index.

The database engine drops the primary key to make a hypertable, and TimescaleDB adds an index on
time that no query uses. With the key the drain overwrites a bucket in place, and a series reads one
range of it.
"""

from django.db import migrations

FIRST, COARSE = "dashboard_pointerstatus", "dashboard_coarsestatus"
ADD = """
drop index {table}_time_idx;
alter table {table}
    add constraint {table}_pkey primary key (browser_id, interval_ms, time);
"""
TAKE_BACK = """
alter table {table} drop constraint {table}_pkey;
create index {table}_time_idx on {table} (time desc);
"""


class Migration(migrations.Migration):
    replaces = [("dashboard", "0002_status_key"), ("dashboard", "0005_coarse_status_key")]

    dependencies = [("dashboard", "0001_instances_and_statuses")]

    operations = [
        migrations.RunSQL(sql=ADD.format(table=table), reverse_sql=TAKE_BACK.format(table=table))
        for table in (FIRST, COARSE)
    ]
