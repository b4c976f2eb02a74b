"""Keep with an instance when it first logged on or moved, so that a list can be filtered by time.

A log-on overwrites `logged_on_at`, and movement may be older than it. The trigger of presence
writes the column, so that processes of the previous code go on during an upgrade.
"""

from pathlib import Path

from django.db import migrations, models

FOLDER = Path(__file__).parent
FUNCTION_BEFORE = (FOLDER / "presence.sql").read_text().partition("create trigger")[0]


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0010_share_links")]

    operations = [
        migrations.AddField(
            model_name="browser",
            name="first_known_at",
            field=models.DateTimeField(
                editable=False,
                help_text="when it first logged on or moved, to a second",
                null=True,
            ),
        ),
        migrations.RunSQL(sql=(FOLDER / "life.sql").read_text(), reverse_sql=FUNCTION_BEFORE),
    ]
