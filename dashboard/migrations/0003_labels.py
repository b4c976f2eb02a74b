"""Give an instance a label, by which people find it again.

The default is in the database, so that processes of the previous code go on during an upgrade.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0002_status_keys")]

    operations = [
        migrations.AddField(
            model_name="browser",
            name="label",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="a name that a person understands, such as `participant 7`",
                max_length=100,
            ),
        )
    ]
