"""Compute heat in about a third of the time, with the same results.

The scene of a sample that has the scene's own time and seq was looked for among all scenes of a
drain; now its neighbour in an array decides. Times are whole µs instead of intervals, and cells are
grouped by integers.
"""

from pathlib import Path

from django.db import migrations

HEAT = Path(__file__).with_name("heat.sql")


class Migration(migrations.Migration):
    dependencies = [("analytics", "0017_scenes_as_columns")]

    operations = [
        migrations.RunSQL(sql=HEAT.read_text(), reverse_sql=migrations.RunSQL.noop),
    ]
