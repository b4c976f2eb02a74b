"""The SQL functions of ingest and the drain. Each .sql file says why it is a function."""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parent
# The first one is called by the second.
FUNCTIONS = ("count_conflicts", "store_batches", "sample_before")


class Migration(migrations.Migration):
    replaces = [
        ("analytics", "0007_store_batch"),
        ("analytics", "0008_store_batches"),
        ("analytics", "0009_count_conflicts"),
        ("analytics", "0010_sample_before"),
        ("analytics", "0011_plain_insert_first"),
    ]

    dependencies = [("analytics", "0002_event_key")]

    operations = [
        migrations.RunSQL(
            sql=(FOLDER / f"{name}.sql").read_text(), reverse_sql=f"drop function analytics_{name}"
        )
        for name in FUNCTIONS
    ]
