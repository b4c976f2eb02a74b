"""Share links of a study, which staff make.

A link shares an instance, a page or a study, as a further column. Earlier rows keep their meaning.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dashboard", "0015_recordings")]

    operations = [
        migrations.AddField(
            model_name="sharelink",
            name="study",
            field=models.CharField(editable=False, max_length=1024, null=True),
        ),
        migrations.RemoveConstraint(model_name="sharelink", name="shares_one_thing"),
        migrations.AddConstraint(
            model_name="sharelink",
            constraint=models.CheckConstraint(
                name="shares_one_thing",
                condition=models.Q(
                    ("browser__isnull", False), ("page__isnull", True), ("study__isnull", True)
                )
                | models.Q(
                    ("browser__isnull", True),
                    ("page__isnull", False),
                    ("study__isnull", True),
                    ("token_version__isnull", True),
                )
                | models.Q(
                    ("browser__isnull", True),
                    ("page__isnull", True),
                    ("study__isnull", False),
                    ("token_version__isnull", True),
                ),
            ),
        ),
    ]
