"""Where trials with two targets ended, and how accurate their paths were.

Stored trials are marked, so that they get these columns unless their samples are gone. The view
gets its new columns at the end, which keeps what was granted on it.
"""

from pathlib import Path

from django.db import migrations, models

FOLDER = Path(__file__).parent
SQL = (FOLDER / "pointer_trials.sql").read_text()
BEFORE = (FOLDER / "trial_views.sql").read_text()
VIEWS = "pointer_trials, pointer_trial_paths"
# Granted again to existing analysts, as in 0020_trial_views.
GRANT = f"""
do $grant$ begin
    if to_regrole(quote_ident(current_database() || '_readonly')) is not null then
        execute format('grant select on {VIEWS} to %I', current_database() || '_readonly');
    end if;
end $grant$
"""
MARK_TRIALS = """
insert into analytics_dirtyrange (browser_id, since, until, rung)
select browser_id, min(started_at), max(started_at), -3 from analytics_trial
group by browser_id, time_bucket('5 minutes', started_at)
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0020_trial_views")]

    operations = [
        migrations.AddField(
            "trial", "target_distance", models.FloatField(help_text="px", null=True)
        ),
        migrations.AddField("trial", "overshoot", models.FloatField(help_text="px", null=True)),
        migrations.AddField(
            "trial", "overshoot_aside", models.FloatField(help_text="px", null=True)
        ),
        migrations.AddField("trial", "target_reentries", models.IntegerField(null=True)),
        migrations.AddField("trial", "axis_crossings", models.IntegerField(null=True)),
        migrations.AddField("trial", "direction_changes", models.IntegerField(null=True)),
        migrations.AddField("trial", "orthogonal_changes", models.IntegerField(null=True)),
        migrations.AddField(
            "trial", "movement_variability", models.FloatField(help_text="px", null=True)
        ),
        migrations.AddField(
            "trial", "movement_error", models.FloatField(help_text="px", null=True)
        ),
        migrations.AddField(
            "trial", "movement_offset", models.FloatField(help_text="px", null=True)
        ),
        migrations.RunSQL(sql=SQL, reverse_sql=[f"drop view {VIEWS}", BEFORE, GRANT]),
        migrations.RunSQL(sql=MARK_TRIALS, reverse_sql=migrations.RunSQL.noop),
    ]
