"""Remember when an instance's token was last used, so that tokens can end with the samples.

The default is the moment of the migration for rows that are there: PostgreSQL stores it once, and
rewrites no row. Their tokens hold for a whole retention from now on.
"""

from django.db import migrations, models
from django.db.models.functions import Now


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0005_coarse_status_key")]

    operations = [
        migrations.AddField(
            model_name="browser",
            name="token_used_at",
            field=models.DateTimeField(
                blank=True,
                db_default=Now(),
                help_text="the last known use of a write token; empty once they have ended unused",
                null=True,
            ),
        )
    ]
