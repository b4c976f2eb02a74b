"""Count the instances as they come and go, because counting them anew would read all of them."""

from pathlib import Path

from django.db import migrations, models

TAKE_BACK = """
drop trigger dashboard_count_inserted on dashboard_browser;
drop trigger dashboard_count_deleted on dashboard_browser;
drop trigger dashboard_count_updated on dashboard_browser;
drop function dashboard_count_browsers();
"""


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0007_presence_of_earlier")]

    operations = [
        migrations.CreateModel(
            name="BrowserCount",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("every", models.BigIntegerField(help_text="instances more, or fewer")),
                (
                    "present",
                    models.BigIntegerField(help_text="of those with an empty `away_since`"),
                ),
            ],
        ),
        migrations.RunSQL(
            sql=(Path(__file__).parent / "browser_counts.sql").read_text(), reverse_sql=TAKE_BACK
        ),
    ]
