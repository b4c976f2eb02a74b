"""Give the samples their key (browser, time, seq), and no other index.

The engine drops the primary key to make the hypertable, and TimescaleDB adds an index on time that
no query of ours uses: it would cost space and a write for every sample. The key is what makes a
batch that is sent twice change nothing, and it serves every read, all of which name the browser.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_initial")]

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
