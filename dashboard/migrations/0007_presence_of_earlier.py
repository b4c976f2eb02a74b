"""Fill the columns of presence for instances from before there were any.

Apart from the columns, whose lock would keep all others from the table meanwhile. Those that are
gone count as present until the job has found them (dashboard/statuses/departures.py), in seconds.
"""

from django.db import migrations

# Locks: the instances' rows, which does not block a batch. The trigger computes the values.
FILL = "update dashboard_browser set is_active = is_active where last_known_at is null"


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0006_presence")]

    operations = [migrations.RunSQL(sql=FILL, reverse_sql=migrations.RunSQL.noop)]
