"""The hypertable of samples, the outbox, the seals and the heartbeats.

A seal says which buckets keep their statuses for good, because the rows that they were computed
from may be gone. The database engine makes the hypertable.

`BrowserEvents` has no table. It gives the admin's view of samples a name and a permission.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
import timescale.db.models.fields
from django.db import migrations, models

import core.storage.fields


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("analytics", "0001_initial"),
        ("analytics", "0003_browserevents"),
        ("analytics", "0004_seal"),
    ]

    dependencies = [
        ("dashboard", "0001_instances_and_statuses"),
    ]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("job", models.CharField(max_length=50, primary_key=True, serialize=False)),
                ("beat_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="DirtyRange",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField(help_text="time of the earliest new sample")),
                ("until", models.DateTimeField(help_text="time of the latest new sample")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "rung",
                    models.IntegerField(
                        help_text="the interval in ms of the statuses to recompute"
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
        ),
        migrations.CreateModel(
            name="PointerPositionEvent",
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
                ("x", core.storage.fields.RealField(help_text="CSS px in the viewport")),
                ("y", core.storage.fields.RealField(help_text="CSS px in the viewport")),
                ("seq", models.IntegerField()),
                (
                    "enter",
                    models.BooleanField(help_text="the pointer came (back) into the page here"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BrowserEvents",
            fields=[],
            options={
                "verbose_name": "events of browser",
                "verbose_name_plural": "events by browser",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("dashboard.browser",),
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "level",
                    models.IntegerField(
                        help_text="0 for raw samples, or a rung in ms",
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("before", models.DateTimeField()),
                ("sealed_at", models.DateTimeField()),
            ],
        ),
    ]
