"""A name of its own, and with it a permission, for viewing the samples in the admin; no table."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("analytics", "0002_event_key"),
        ("dashboard", "0003_browserstatuses"),
    ]

    operations = [
        migrations.CreateModel(
            name="BrowserEvents",
            fields=[],
            options={
                "verbose_name": "events of browser",
                "verbose_name_plural": "events by browser",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("dashboard.browser",),
        ),
    ]
