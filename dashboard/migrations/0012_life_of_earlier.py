"""Fill `first_known_at` for instances from before there was one.

Apart from the column, whose lock would keep all others from the table meanwhile. If the seconds of
the first movement were dropped already, it is the first second that is left, or the last log-on.
"""

from django.db import migrations

# Locks: the instances' rows, which does not block a batch.
FILL = """
update dashboard_browser browser set first_known_at = least(logged_on_at, (
    select min(time) from dashboard_pointerstatus status
    where status.browser_id = browser.id and interval_ms = 1000
)) where first_known_at is null
"""


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0011_life")]

    operations = [migrations.RunSQL(sql=FILL, reverse_sql=migrations.RunSQL.noop)]
