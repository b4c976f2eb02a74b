"""Functions that compute heat, and say which stored heat is out of date; scenes leave marks.

Each .sql file says what its function returns. Scenes that are stored already are marked, so that
their samples become heat.
"""

from pathlib import Path

from django.db import migrations

FOLDER = Path(__file__).parent
SIGNATURES = {
    "scene_end": "analytics_scene_end",
    "heat": "analytics_heat",
    "unmapped": "analytics_unmapped",
}
MARK_SCENES = """
insert into analytics_dirtyrange (browser_id, since, until, rung)
select browser_id, min(time), max(time), -2 from analytics_pointerscene scene
where exists (select from dashboard_pagevisit visit where visit.browser_id = scene.browser_id)
group by browser_id, time_bucket('5 minutes', time)
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0014_heat"), ("dashboard", "0005_pages")]

    operations = [
        *[
            migrations.RunSQL(
                sql=(FOLDER / f"{name}.sql").read_text(), reverse_sql=f"drop function {function}"
            )
            for name, function in SIGNATURES.items()
        ],
        migrations.RunSQL(
            sql=(FOLDER / "store_scenes.sql").read_text(), reverse_sql=migrations.RunSQL.noop
        ),
        migrations.RunSQL(
            sql=MARK_SCENES, reverse_sql="delete from analytics_dirtyrange where rung < 0"
        ),
    ]
