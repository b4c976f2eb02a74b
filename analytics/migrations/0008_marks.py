"""The hypertable of a site's own marks, with the key (browser, time, seq), as for samples."""

import django.db.models.deletion
import timescale.db.models.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("analytics", "0007_scenes")]

    operations = [
        migrations.CreateModel(
            name="PointerMark",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "browser",
                        "time",
                        "seq",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("time", timescale.db.models.fields.TimescaleDateTimeField(interval="1 day")),
                (
                    "browser",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="dashboard.browser",
                    ),
                ),
                ("seq", models.IntegerField()),
                ("name", models.CharField(max_length=64)),
                ("data", models.JSONField(help_text="a JSON object of at most 1 KiB")),
            ],
        ),
        migrations.RunSQL(
            sql="""
                drop index analytics_pointermark_time_idx;
                alter table analytics_pointermark
                    add constraint analytics_pointermark_pkey primary key (browser_id, time, seq);
            """,
            reverse_sql="""
                alter table analytics_pointermark drop constraint analytics_pointermark_pkey;
                create index analytics_pointermark_time_idx on analytics_pointermark (time desc);
            """,
        ),
    ]
