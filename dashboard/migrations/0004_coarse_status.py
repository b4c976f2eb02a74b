"""The higher rungs' statuses, in a hypertable of their own.

Statuses of the first rung are dropped after a while, by whole chunks; coarser ones stay. In one
hypertable a chunk would hold both. The engine makes the hypertable; chunks of four weeks, because
the rows are few.
"""

import django.db.models.deletion
import timescale.db.models.fields
from django.db import migrations, models

import core.fields


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0003_browserstatuses"),
    ]

    operations = [
        migrations.AlterField(
            model_name="pointerstatus",
            name="browser",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="dashboard.browser",
            ),
        ),
        migrations.CreateModel(
            name="CoarseStatus",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "browser",
                        "interval_ms",
                        "time",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("traversed_distance", models.FloatField(help_text="px")),
                ("avg_velocity", models.FloatField(help_text="px/s")),
                ("peak_velocity", models.FloatField(help_text="px/s, the fastest 100 ms")),
                ("moving_time", models.FloatField(help_text="s")),
                ("interval_ms", models.IntegerField()),
                ("events", models.IntegerField()),
                ("start_x", core.fields.RealField(help_text="px")),
                ("start_y", core.fields.RealField(help_text="px")),
                ("end_x", core.fields.RealField(help_text="px")),
                ("end_y", core.fields.RealField(help_text="px")),
                (
                    "time",
                    timescale.db.models.fields.TimescaleDateTimeField(
                        help_text="the bucket's start", interval="28 days"
                    ),
                ),
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
            ],
            options={
                "abstract": False,
            },
        ),
    ]
