"""Functions that compute what has not climbed the ladder yet, and the ladder for the views.

A rung used to be read as it was stored, so a series of hours could lack what one of minutes showed.
Each .sql file says what its function returns.

Views cannot read settings, so `analytics_rung` repeats the setting RUNGS
(analytics/rollups/rungs.py).

A view's caller needs the right to execute its functions, so all who may read the views of statuses
get it.
"""

from pathlib import Path

from django.db import migrations, models

FOLDER = Path(__file__).parent
FUNCTIONS = ("unclimbed", "climb", "fresh_statuses")
GRANT = """
do $grant$ declare reader oid; begin
    for reader in
        select distinct grantee from pg_class, aclexplode(relacl)
        where relnamespace = current_schema()::regnamespace and relname like 'pointer_statuses%'
    loop
        execute 'grant execute on function analytics_fresh_statuses to '
            || case reader when 0 then 'public' else reader::regrole::text end;
    end loop;
end $grant$;
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0009_store_scenes")]

    operations = [
        migrations.CreateModel(
            name="Rung",
            fields=[
                (
                    "interval_ms",
                    models.IntegerField(
                        help_text="ms: the length of its buckets", primary_key=True, serialize=False
                    ),
                ),
            ],
        ),
        *[
            migrations.RunSQL(
                sql=(FOLDER / f"{name}.sql").read_text(),
                reverse_sql=f"drop function analytics_{name}",
            )
            for name in FUNCTIONS
        ],
        migrations.RunSQL(sql=GRANT, reverse_sql=migrations.RunSQL.noop),
    ]
