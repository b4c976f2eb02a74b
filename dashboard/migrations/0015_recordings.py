"""Which recording an instance was imported from, so that it is imported once.

The index has imported instances only, and so costs the others nothing.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0014_page_shares")]

    operations = [
        migrations.AddField(
            model_name="browser",
            name="recording",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                editable=False,
                help_text="the fingerprint of the recording that it was imported from",
                max_length=64,
            ),
        ),
        migrations.AddConstraint(
            model_name="browser",
            constraint=models.UniqueConstraint(
                condition=models.Q(("recording", ""), _negated=True),
                fields=("recording",),
                name="one_instance_of_a_recording",
            ),
        ),
    ]
