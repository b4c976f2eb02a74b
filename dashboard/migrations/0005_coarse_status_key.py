"""Give the higher rungs' statuses their key (browser, interval, time), and no other index.

As with the first rung's: the engine drops the primary key, and TimescaleDB adds an index on time.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0004_coarse_status")]

    operations = [
        migrations.RunSQL(
            sql="""
                drop index dashboard_coarsestatus_time_idx;
                alter table dashboard_coarsestatus
                    add constraint dashboard_coarsestatus_pkey
                    primary key (browser_id, interval_ms, time);
            """,
            reverse_sql="""
                alter table dashboard_coarsestatus
                    drop constraint dashboard_coarsestatus_pkey;
                create index dashboard_coarsestatus_time_idx
                    on dashboard_coarsestatus (time desc);
            """,
        )
    ]
