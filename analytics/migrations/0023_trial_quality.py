"""How far a trial's samples can be trusted, as columns, so that it is known after they are dropped.

Stored trials are marked, so that they are made anew with these columns; those whose
samples are gone keep null. The view gets the columns at its end.
"""

from pathlib import Path

from django.db import migrations, models

FOLDER = Path(__file__).parent
VIEW = (FOLDER / "trial_quality_view.sql").read_text()
# Columns cannot be taken out of a view, so both are made again as they were.
BEFORE = [(FOLDER / name).read_text() for name in ("trial_views.sql", "pointer_trials.sql")]
VIEWS = "pointer_trials, pointer_trial_paths"
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
    dependencies = [("analytics", "0022_admin_of_trials")]

    operations = [
        migrations.AddField(
            model_name="trial",
            name="sample_rate",
            field=models.FloatField(help_text="Hz, of the median interval", null=True),
        ),
        migrations.AddField(
            model_name="trial",
            name="longest_gap",
            field=models.FloatField(help_text="s, over which it moved 10 px or more", null=True),
        ),
        migrations.AddField(
            model_name="trial",
            name="same_times",
            field=models.IntegerField(
                help_text="samples with the time of the one before", null=True
            ),
        ),
        migrations.AddField(
            model_name="trial",
            name="resized",
            field=models.BooleanField(help_text="whether the viewport changed its size", null=True),
        ),
        migrations.RunSQL(sql=VIEW, reverse_sql=[f"drop view {VIEWS}", *BEFORE, GRANT]),
        migrations.RunSQL(sql=MARK_TRIALS, reverse_sql=migrations.RunSQL.noop),
    ]
