"""Browser instances, and a hypertable for each kind of status.

TimescaleDB drops rows by whole chunks. Statuses of the first rung are dropped after a while and
coarser ones are kept, so each kind has its own hypertable. Coarse statuses are few, so their chunks
cover four weeks. The database engine makes the hypertables.

`BrowserStatuses` has no table. It gives the admin's view of statuses a name and a permission.
"""

import uuid

import django.db.models.deletion
import timescale.db.models.fields
from django.db import migrations, models
from django.db.models.functions import Now

import core.storage.fields


class Migration(migrations.Migration):
    initial = True

    replaces = [
        ("dashboard", "0001_initial"),
        ("dashboard", "0003_browserstatuses"),
        ("dashboard", "0004_coarse_status"),
        ("dashboard", "0006_token_used_at"),
    ]

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Browser",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("instance_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "is_active",
                    models.BooleanField(
                        default=True, help_text="logged on, and not logged off since"
                    ),
                ),
                ("logged_on_at", models.DateTimeField()),
                ("logged_off_at", models.DateTimeField(blank=True, null=True)),
                (
                    "token_version",
                    models.PositiveIntegerField(
                        default=1,
                        help_text="raising it makes every write token given out so far void",
                    ),
                ),
                (
                    "token_used_at",
                    models.DateTimeField(
                        blank=True,
                        db_default=Now(),
                        help_text=(
                            "the last known use of a write token; empty once they have ended unused"
                        ),
                        null=True,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PointerStatus",
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
                (
                    "time",
                    timescale.db.models.fields.TimescaleDateTimeField(
                        help_text="the bucket's start", interval="7 days"
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
                ("traversed_distance", models.FloatField(help_text="px")),
                ("avg_velocity", models.FloatField(help_text="px/s")),
                ("peak_velocity", models.FloatField(help_text="px/s, the fastest 100 ms")),
                ("moving_time", models.FloatField(help_text="s")),
                ("interval_ms", models.IntegerField()),
                ("events", models.IntegerField()),
                ("start_x", core.storage.fields.RealField(help_text="px")),
                ("start_y", core.storage.fields.RealField(help_text="px")),
                ("end_x", core.storage.fields.RealField(help_text="px")),
                ("end_y", core.storage.fields.RealField(help_text="px")),
            ],
        ),
        migrations.CreateModel(
            name="BrowserStatuses",
            fields=[],
            options={
                "verbose_name": "statuses of browser",
                "verbose_name_plural": "statuses by browser",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("dashboard.browser",),
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
                ("start_x", core.storage.fields.RealField(help_text="px")),
                ("start_y", core.storage.fields.RealField(help_text="px")),
                ("end_x", core.storage.fields.RealField(help_text="px")),
                ("end_y", core.storage.fields.RealField(help_text="px")),
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
        ),
    ]
