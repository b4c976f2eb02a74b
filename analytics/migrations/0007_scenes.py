"""The hypertable of scenes, with the key (browser, time, seq) and no other index, as for samples.

With the key a scene that is sent twice changes nothing, and the latest scene before a sample is one
step down the key. A chunk covers a day, so that scenes are dropped together with their samples.
"""

import django.db.models.deletion
import timescale.db.models.fields
from django.db import migrations, models

import core.storage.fields


class Migration(migrations.Migration):
    dependencies = [("analytics", "0006_bounded_claims"), ("dashboard", "0005_pages")]

    operations = [
        migrations.CreateModel(
            name="PointerScene",
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
                ("viewport_width", core.storage.fields.RealField(help_text="CSS px")),
                ("viewport_height", core.storage.fields.RealField(help_text="CSS px")),
                ("document_width", core.storage.fields.RealField(help_text="CSS px")),
                ("document_height", core.storage.fields.RealField(help_text="CSS px")),
                ("scroll_x", core.storage.fields.RealField(help_text="CSS px")),
                ("scroll_y", core.storage.fields.RealField(help_text="CSS px")),
                ("pixel_ratio", core.storage.fields.RealField(help_text="device px per CSS px")),
                ("seq", models.IntegerField()),
                (
                    "page",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        help_text="empty unless the site sends names of pages",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="dashboard.page",
                    ),
                ),
                ("pointer", models.CharField(help_text="`mouse`, `pen` or `touch`", max_length=5)),
            ],
        ),
        migrations.RunSQL(
            sql="""
                drop index analytics_pointerscene_time_idx;
                alter table analytics_pointerscene
                    add constraint analytics_pointerscene_pkey primary key (browser_id, time, seq);
            """,
            reverse_sql="""
                alter table analytics_pointerscene drop constraint analytics_pointerscene_pkey;
                create index analytics_pointerscene_time_idx on analytics_pointerscene (time desc);
            """,
        ),
    ]
