"""Keep with an instance the site that it was logged on by.

The default is in the database, so that processes of the previous code go on during an upgrade.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0003_labels")]

    operations = [
        migrations.AddField(
            model_name="browser",
            name="site",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text=(
                    "the host of the page that logged it on; empty if the caller sent no Origin"
                ),
                max_length=260,
            ),
        )
    ]
