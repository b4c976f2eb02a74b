"""What instances are found by: their site, the beginning of their label, and text in either.

PostgreSQL writes the table anew for the text, a second for each 100,000 instances.
"""

from django.db import migrations, models
from django.db.models.functions import Concat, Lower


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0012_life_of_earlier")]

    operations = [
        migrations.AddField(
            model_name="browser",
            name="search_text",
            field=models.GeneratedField(
                expression=Lower(Concat("label", models.Value("\n"), "site")),
                output_field=models.TextField(),
                db_persist=True,
            ),
        ),
        migrations.AddIndex(
            model_name="browser", index=models.Index(fields=["site", "id"], name="browsers_by_site")
        ),
        migrations.AddIndex(
            model_name="browser",
            index=models.Index(
                fields=["label"],
                name="browsers_by_label",
                opclasses=["varchar_pattern_ops"],
                condition=~models.Q(label=""),
            ),
        ),
    ]
