"""The views of heat and of pages, which existing analysts may read too (as in 0012_scene_views)."""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "heat_views.sql").read_text()
VIEWS = "pointer_heat, page_heat, page_statuses_1h"
GRANT = f"""
do $grant$ begin
    if to_regrole(quote_ident(current_database() || '_readonly')) is not null then
        execute format('grant select on {VIEWS} to %I', current_database() || '_readonly');
    end if;
end $grant$
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0015_heat_functions")]

    operations = [
        migrations.RunSQL(sql=SQL, reverse_sql=f"drop view {VIEWS}"),
        migrations.RunSQL(sql=GRANT, reverse_sql=migrations.RunSQL.noop),
    ]
