"""The hypertables of heat, and the outbox of pages.

Keys are as for statuses: the database engine drops a primary key to make a hypertable, and
TimescaleDB adds an index on time that no query uses. Arrays of cells are compressed from 128 bytes
on (PostgreSQL would begin at 2,000), which halves them.
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import timescale.db.models.fields
from django.db import migrations, models

KEYS = {
    "analytics_heatstatus": "browser_id, time, page_id, width_class, pointer",
    "analytics_pageheat": "page_id, time, width_class, pointer",
    "analytics_pagestatus": "page_id, time, width_class, pointer",
}
ADD = """
drop index {table}_time_idx;
alter table {table} add constraint {table}_pkey primary key ({key});
"""
TAKE_BACK = """
alter table {table} drop constraint {table}_pkey;
create index {table}_time_idx on {table} (time desc);
"""
PACKED = "alter table {table} set (toast_tuple_target = 128);"


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0013_admin_of_scenes"),
        ("dashboard", "0008_browser_counts"),
    ]

    operations = [
        migrations.CreateModel(
            name="PageHeat",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "page",
                        "time",
                        "width_class",
                        "pointer",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "time",
                    timescale.db.models.fields.TimescaleDateTimeField(
                        help_text="the bucket's start", interval="28 days"
                    ),
                ),
                ("dwell_us", models.BigIntegerField(help_text="µs")),
                ("events", models.IntegerField()),
                ("instances", models.IntegerField(help_text="distinct browsers")),
                (
                    "width_class",
                    models.SmallIntegerField(
                        help_text="CSS px, the least viewport width of the class"
                    ),
                ),
                ("pointer", models.CharField(max_length=5)),
                (
                    "cells",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None
                    ),
                ),
                (
                    "dwells",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), help_text="µs in each cell", size=None
                    ),
                ),
                (
                    "samples",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), help_text="in each cell", size=None
                    ),
                ),
                (
                    "visitors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(),
                        help_text="distinct browsers in each cell",
                        size=None,
                    ),
                ),
                (
                    "page",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="dashboard.page",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PageStatus",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "page",
                        "time",
                        "width_class",
                        "pointer",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "time",
                    timescale.db.models.fields.TimescaleDateTimeField(
                        help_text="the bucket's start", interval="28 days"
                    ),
                ),
                ("dwell_us", models.BigIntegerField(help_text="µs")),
                ("events", models.IntegerField()),
                ("instances", models.IntegerField(help_text="distinct browsers")),
                (
                    "width_class",
                    models.SmallIntegerField(
                        help_text="CSS px, the least viewport width of the class"
                    ),
                ),
                ("pointer", models.CharField(max_length=5)),
                ("distance", models.FloatField(help_text="px")),
                ("moving_us", models.BigIntegerField(help_text="µs")),
                (
                    "page",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="dashboard.page",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DirtyPage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField(help_text="the start of the bucket")),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                (
                    "length_ms",
                    models.IntegerField(help_text="the bucket's length: an hour, or a day"),
                ),
                (
                    "page",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="dashboard.page",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("page"),
                        models.F("length_ms"),
                        models.F("since"),
                        name="waiting_pages",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HeatStatus",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "browser",
                        "time",
                        "page",
                        "width_class",
                        "pointer",
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
                ("distance", models.FloatField(help_text="px")),
                ("moving_us", models.BigIntegerField(help_text="µs")),
                ("dwell_us", models.BigIntegerField(help_text="µs")),
                ("events", models.IntegerField()),
                (
                    "width_class",
                    models.SmallIntegerField(
                        help_text="CSS px, the least viewport width of the class"
                    ),
                ),
                ("pointer", models.CharField(max_length=5)),
                (
                    "cells",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), size=None
                    ),
                ),
                (
                    "dwells",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), help_text="µs in each cell", size=None
                    ),
                ),
                (
                    "samples",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(), help_text="in each cell", size=None
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
                (
                    "page",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="dashboard.page",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["page", "time"], name="heat_of_page")],
            },
        ),
        *[
            migrations.RunSQL(
                sql=ADD.format(table=table, key=key), reverse_sql=TAKE_BACK.format(table=table)
            )
            for table, key in KEYS.items()
        ],
        *[
            migrations.RunSQL(sql=PACKED.format(table=table), reverse_sql=migrations.RunSQL.noop)
            for table in ("analytics_heatstatus", "analytics_pageheat")
        ],
    ]
