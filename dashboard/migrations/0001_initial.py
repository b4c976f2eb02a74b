"""Browser instances and their statuses; the engine makes the statuses a hypertable."""

import uuid

import django.db.models.deletion
import timescale.db.models.fields
from django.db import migrations, models

import core.fields


class Migration(migrations.Migration):
    initial = True

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
                        related_name="statuses",
                        to="dashboard.browser",
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
            ],
        ),
    ]
