"""Share links of a page's map, which staff make.

A link shares an instance or a page, which is a further column. Earlier rows keep their meaning.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0013_finding_browsers")]

    operations = [
        migrations.AddField(
            model_name="sharelink",
            name="page",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="share_links",
                to="dashboard.page",
            ),
        ),
        migrations.RemoveConstraint(model_name="sharelink", name="shares_one_thing"),
        migrations.AddConstraint(
            model_name="sharelink",
            constraint=models.CheckConstraint(
                name="shares_one_thing",
                condition=models.Q(("browser__isnull", False), ("page__isnull", True))
                | models.Q(
                    ("browser__isnull", True),
                    ("page__isnull", False),
                    ("token_version__isnull", True),
                ),
            ),
        ),
    ]
