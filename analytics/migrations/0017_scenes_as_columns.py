"""Scenes reach the database as columns, as samples do.

As JSON they were parsed twice, and their pages looked up twice: half of what a scene cost.
"""

from pathlib import Path

from django.db import migrations

DROP = """
drop function if exists analytics_store_scenes(
    uuid[], int[], int[], int[], bigint[], real[], real[], int[], bool[], int, bool,
    jsonb, jsonb, int
)
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0016_heat_views")]

    operations = [
        migrations.RunSQL(sql=DROP, reverse_sql=migrations.RunSQL.noop),
        migrations.RunSQL(
            sql=(Path(__file__).parent / "store_scenes.sql").read_text(),
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
