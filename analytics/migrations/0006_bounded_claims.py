"""What a claim needs to be bounded and fair, and the rows that keep two drains apart.

A mark says how many samples it is for, and whether it is of a bucket that has a job of its own. An
index leads from browser to browser. Marks of the code before, which say neither, are drained too.

Workers of the code before take advisory locks instead of the rows of `analytics_turn`. They and
new workers do not exclude each other: stop them before the new ones start.

Reversed, the columns stay, because the store function writes them; the code before leaves them out.
"""

from pathlib import Path

from django.db import migrations, models

STORE = (Path(__file__).parent / "store_batches.sql").read_text()
COLUMNS = """
alter table analytics_dirtyrange
    add column if not exists events integer,
    add column if not exists large boolean not null default false
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0005_one_store_function")]

    operations = [
        migrations.CreateModel(
            name="Turn",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "rung",
                        "slot",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("rung", models.IntegerField()),
                ("slot", models.IntegerField()),
                ("after_browser", models.BigIntegerField()),
            ],
        ),
        migrations.RunSQL(
            sql=COLUMNS,
            reverse_sql=migrations.RunSQL.noop,
            state_operations=[
                migrations.AddField(
                    model_name="dirtyrange",
                    name="events",
                    field=models.IntegerField(
                        help_text="new samples, or changed statuses of the rung below;"
                        " null: not known",
                        null=True,
                    ),
                ),
                migrations.AddField(
                    model_name="dirtyrange",
                    name="large",
                    field=models.BooleanField(
                        db_default=False,
                        help_text="one bucket that has a job of its own, because it holds so much",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="dirtyrange",
            index=models.Index(
                "rung",
                "browser",
                "since",
                condition=models.Q(("large", False)),
                name="waiting_marks",
            ),
        ),
        migrations.AddIndex(
            model_name="dirtyrange",
            index=models.Index("id", condition=models.Q(("large", True)), name="large_marks"),
        ),
        migrations.RunSQL(sql=STORE, reverse_sql=migrations.RunSQL.noop),
    ]
