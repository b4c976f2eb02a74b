"""Which buckets keep their statuses for good, because what they were made of may be gone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0003_browserevents"),
    ]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                (
                    "level",
                    models.IntegerField(
                        help_text="0 for raw samples, or a rung in ms",
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("before", models.DateTimeField()),
                ("sealed_at", models.DateTimeField()),
            ],
        ),
    ]
