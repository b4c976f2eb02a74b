"""Give the statuses their key (browser, interval, time), and no other index.

The engine drops the primary key to make the hypertable, and TimescaleDB adds an index on time.
The key is what lets the drain overwrite a bucket in place, and a series is one range of it.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0001_initial")]

    operations = [
        migrations.RunSQL(
            sql="""
                drop index dashboard_pointerstatus_time_idx;
                alter table dashboard_pointerstatus
                    add constraint dashboard_pointerstatus_pkey
                    primary key (browser_id, interval_ms, time);
            """,
            reverse_sql="""
                alter table dashboard_pointerstatus
                    drop constraint dashboard_pointerstatus_pkey;
                create index dashboard_pointerstatus_time_idx
                    on dashboard_pointerstatus (time desc);
            """,
        )
    ]
