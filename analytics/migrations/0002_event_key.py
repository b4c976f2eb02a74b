"""Give the samples their key (browser, time, seq), and no other index.

The database engine drops the primary key to make the hypertable, and TimescaleDB adds an index on
time that no query uses. That index would cost space and a write for every sample. With the key, a
batch that is sent twice changes nothing. Every read names the browser, so the key serves all reads.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_samples_and_outbox")]

    operations = [
        migrations.RunSQL(
            sql="""
                drop index analytics_pointerpositionevent_time_idx;
                alter table analytics_pointerpositionevent
                    add constraint analytics_pointerpositionevent_pkey
                    primary key (browser_id, time, seq);
            """,
            reverse_sql="""
                alter table analytics_pointerpositionevent
                    drop constraint analytics_pointerpositionevent_pkey;
                create index analytics_pointerpositionevent_time_idx
                    on analytics_pointerpositionevent (time desc);
            """,
        )
    ]
