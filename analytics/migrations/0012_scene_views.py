"""The views of scenes, marks, and samples in their scenes, which existing analysts may read too.

`manage.py analyst` grants its views to the group of analysts, so a group that was made before these
views gets them here.
"""

from pathlib import Path

from django.db import migrations

SQL = (Path(__file__).parent / "scene_views.sql").read_text()
VIEWS = "pointer_scenes, pointer_marks, pointer_events_in_scenes"
GRANT = f"""
do $grant$ begin
    if to_regrole(quote_ident(current_database() || '_readonly')) is not null then
        execute format('grant select on {VIEWS} to %I', current_database() || '_readonly');
    end if;
end $grant$
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0011_fresh_views")]

    operations = [
        migrations.RunSQL(sql=SQL, reverse_sql=f"drop view {VIEWS}"),
        migrations.RunSQL(sql=GRANT, reverse_sql=migrations.RunSQL.noop),
    ]
