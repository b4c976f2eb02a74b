"""Drop `analytics_store_batch`, which stored one batch and which no code calls any more.

Only databases that were made before the migrations were squashed have it. Processes of the
previous code call `analytics_store_batches`, so they go on during an upgrade. Reversing this
migration leaves the function dropped, because no code needs it.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0004_views")]

    operations = [
        migrations.RunSQL(
            sql="drop function if exists analytics_store_batch",
            reverse_sql=migrations.RunSQL.noop,
        )
    ]
