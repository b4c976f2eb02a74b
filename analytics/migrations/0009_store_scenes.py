"""The SQL functions that store scenes and marks beside samples. Each .sql file says how.

`analytics_store_batches` stays as it is, because batches without a scene or a mark call it.
"""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parent
# The first one is called by the second.
FUNCTIONS = ("make_pages", "store_scenes")


class Migration(migrations.Migration):
    dependencies = [("analytics", "0008_marks")]

    operations = [
        migrations.RunSQL(
            sql=(FOLDER / f"{name}.sql").read_text(), reverse_sql=f"drop function analytics_{name}"
        )
        for name in FUNCTIONS
    ]
