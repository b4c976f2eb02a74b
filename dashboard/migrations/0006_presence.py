"""Columns and indexes by which the list of instances reads a page without reading the others.

The list has those present first, each part by number: a partial index for each part. A trigger
writes the columns, so that processes of the previous code go on during an upgrade.
"""

from pathlib import Path

from django.db import migrations, models

PRESENT = models.Q(away_since__isnull=True)
TAKE_BACK = """
drop trigger dashboard_keep_presence on dashboard_browser;
drop function dashboard_keep_presence();
"""


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0005_pages")]

    operations = [
        migrations.AddField(
            model_name="browser",
            name="last_known_at",
            field=models.DateTimeField(
                editable=False,
                help_text="when it was seen; perhaps it was seen later, too",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="browser",
            name="away_since",
            field=models.DateTimeField(
                editable=False,
                help_text="logged off or found gone; empty while it is present",
                null=True,
            ),
        ),
        *(
            migrations.AddIndex(model_name="browser", index=index)
            for index in (
                models.Index(fields=["is_active", "id"], name="browsers_by_activity"),
                models.Index(fields=["id"], name="browsers_present", condition=PRESENT),
                models.Index(fields=["id"], name="browsers_away", condition=~PRESENT),
                models.Index(
                    fields=["last_known_at"], name="browsers_by_last_known", condition=PRESENT
                ),
                models.Index(
                    fields=["away_since"], name="browsers_by_departure", condition=~PRESENT
                ),
            )
        ),
        migrations.RunSQL(
            sql=(Path(__file__).parent / "presence.sql").read_text(), reverse_sql=TAKE_BACK
        ),
    ]
