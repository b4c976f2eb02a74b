"""The admin's entries to scenes and marks: models without a table, for their permissions."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0012_scene_views"), ("dashboard", "0005_pages")]

    operations = [
        migrations.CreateModel(
            name=name,
            fields=[],
            options={
                "verbose_name": f"{called} of browser",
                "verbose_name_plural": f"{called} by browser",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("dashboard.browser",),
        )
        for name, called in (("BrowserScenes", "scenes"), ("BrowserMarks", "marks"))
    ]
