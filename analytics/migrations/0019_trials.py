"""Trials, made from marks; marks of trials and scenes within them leave marks in the outbox.

Marks of trials that are stored already are marked, so that they become trials. Going back restores
the function that stores scenes, because the new one reads the table.
"""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

FOLDER = Path(__file__).parent
STORE = (FOLDER / "store_scenes.sql").read_text()
STORE_BEFORE = (FOLDER / "store_scenes_before_trials.sql").read_text()
MARK_TRIALS = """
insert into analytics_dirtyrange (browser_id, since, until, rung)
select browser_id, min(time), max(time), -3 from analytics_pointermark
where name in ('trial:start', 'trial:end')
group by browser_id, time_bucket('5 minutes', time)
"""
UNMARK = "delete from analytics_dirtyrange where rung in (-3, -4, -5)"


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0018_faster_heat"),
        ("dashboard", "0013_finding_browsers"),
    ]

    operations = [
        migrations.CreateModel(
            name="Trial",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField()),
                ("start_seq", models.IntegerField()),
                ("end_seq", models.IntegerField()),
                (
                    "state",
                    models.CharField(
                        help_text="`ended`, or `abandoned` by the next start", max_length=9
                    ),
                ),
                ("study", models.TextField()),
                ("trial", models.TextField(help_text="its number or name in the study")),
                ("block", models.TextField()),
                ("condition", models.TextField()),
                ("response", models.TextField()),
                ("correct", models.BooleanField(null=True)),
                (
                    "start_target",
                    models.JSONField(help_text="x, y, width, height in viewport px", null=True),
                ),
                (
                    "targets",
                    models.JSONField(
                        help_text="by name: x, y, width, height in viewport px at the start"
                    ),
                ),
                (
                    "samples",
                    models.IntegerField(help_text="null: more than are measured", null=True),
                ),
                ("rt", models.FloatField(help_text="s")),
                ("mad", models.FloatField(help_text="px", null=True)),
                ("mad_time", models.FloatField(help_text="s since the start", null=True)),
                ("md_above", models.FloatField(help_text="px", null=True)),
                ("md_below", models.FloatField(help_text="px", null=True)),
                ("ad", models.FloatField(help_text="px", null=True)),
                ("auc", models.FloatField(help_text="px²", null=True)),
                ("x_flips", models.IntegerField(null=True)),
                ("y_flips", models.IntegerField(null=True)),
                ("x_reversals", models.IntegerField(null=True)),
                ("y_reversals", models.IntegerField(null=True)),
                ("initiation_time", models.FloatField(help_text="s since the start", null=True)),
                ("idle_time", models.FloatField(help_text="s", null=True)),
                ("hovers", models.IntegerField(null=True)),
                ("hover_time", models.FloatField(help_text="s", null=True)),
                ("total_distance", models.FloatField(help_text="px", null=True)),
                ("velocity_max", models.FloatField(help_text="px/s", null=True)),
                ("velocity_max_time", models.FloatField(help_text="s since the start", null=True)),
                ("acceleration_max", models.FloatField(help_text="px/s²", null=True)),
                ("sample_entropy", models.FloatField(null=True)),
                (
                    "path_x",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(),
                        help_text="px, of the time-normalised path of 101 steps",
                        null=True,
                        size=None,
                    ),
                ),
                (
                    "path_y",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(),
                        help_text="px, likewise",
                        null=True,
                        size=None,
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
                "indexes": [models.Index(fields=["study", "id"], name="trials_of_a_study")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("browser", "started_at", "start_seq"), name="one_trial_of_a_start"
                    )
                ],
            },
        ),
        migrations.RunSQL(sql=STORE, reverse_sql=STORE_BEFORE),
        migrations.RunSQL(sql=MARK_TRIALS, reverse_sql=UNMARK),
    ]
