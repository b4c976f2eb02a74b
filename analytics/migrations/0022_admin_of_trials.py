"""The admin's entry to trials: a model without a table, for its permissions."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("analytics", "0021_aims"), ("dashboard", "0013_finding_browsers")]

    operations = [
        migrations.CreateModel(
            name="BrowserTrials",
            fields=[],
            options={
                "verbose_name": "trials of browser",
                "verbose_name_plural": "trials by browser",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("dashboard.browser",),
        )
    ]
