"""A name of its own, and with it a permission, for viewing the statuses in the admin; no table."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0002_status_key"),
    ]

    operations = [
        migrations.CreateModel(
            name="BrowserStatuses",
            fields=[],
            options={
                "verbose_name": "statuses of browser",
                "verbose_name_plural": "statuses by browser",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("dashboard.browser",),
        ),
    ]
