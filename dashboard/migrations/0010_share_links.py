"""Share links: people without a login read one instance, until a date.

Only instances are shared so far. A page or a study will be a further column, and `shares_one_thing`
will then ask for exactly one of them; the rows of this migration keep their meaning.
"""

import uuid

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dashboard", "0009_api_keys"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ShareLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("link_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("token_version", models.PositiveIntegerField(editable=False, null=True)),
                ("created_at", models.DateTimeField(editable=False)),
                ("ends_at", models.DateTimeField(editable=False)),
                ("revoked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "browser",
                    models.ForeignKey(
                        editable=False,
                        null=True,
                        on_delete=models.CASCADE,
                        related_name="share_links",
                        to="dashboard.browser",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        editable=False,
                        help_text="empty if the holder of the instance's token made it",
                        null=True,
                        on_delete=models.CASCADE,
                        related_name="share_links",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("browser__isnull", False)), name="shares_one_thing"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("created_by__isnull", False), ("token_version__isnull", True)
                            ),
                            models.Q(
                                ("created_by__isnull", True), ("token_version__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="share_has_one_maker",
                    ),
                ],
            },
        ),
    ]
