"""The order of the list of instances by label.

Without the index, each page of it sorted all instances that match. Writers wait while it is built.
"""

from django.db import migrations, models
from django.db.models.functions import Lower


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0016_study_shares")]

    operations = [
        migrations.AddIndex(
            model_name="browser",
            index=models.Index(
                models.Case(models.When(label="", then=1), default=0),
                Lower("label"),
                "id",
                name="browsers_in_order_of_labels",
            ),
        ),
    ]
