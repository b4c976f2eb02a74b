"""Fill `first_known_at` for instances from before there was one.

This is a migration of its own, because the lock for adding the column would block the table
meanwhile. If the seconds of the first movement were dropped already, the first second that is left
counts, or else the last log-on.
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
