"""Browser instances and the statuses of their pointers, bucket by bucket."""

import uuid
from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Concat, Lower, Now
from timescale.db.models.fields import TimescaleDateTimeField
from timescale.db.models.managers import TimescaleManager

from core.storage.fields import RealField

LONGEST_STUDY = 1024
PRESENT = models.Q(away_since__isnull=True)
# Those without a label come last.
BY_LABEL = (models.Case(models.When(label="", then=1), default=0), Lower("label"))


class Browser(models.Model):
    """One browser instance: a stream of pointer samples, logged on or off.

    An instance belongs to one tab; on `/` it belongs to all tabs of a session.
    """

    instance_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    is_active = models.BooleanField(default=True, help_text="logged on, and not logged off since")
    logged_on_at = models.DateTimeField()
    logged_off_at = models.DateTimeField(null=True, blank=True)
    token_version = models.PositiveIntegerField(
        default=1, help_text="raising it makes every write token given out so far void"
    )
    token_used_at = models.DateTimeField(
        null=True,
        blank=True,
        db_default=Now(),
        help_text="the last known use of a write token; empty once they have ended unused",
    )
    label = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="a name that a person understands, such as `participant 7`",
    )
    site = models.CharField(
        max_length=260,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="the host of the page that logged it on; empty if the caller sent no Origin",
    )

    recording = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="the fingerprint of the recording that it was imported from",
    )

    # Made by the database, because folding the case of each while searching costs much more. A line
    # break is in neither text.
    search_text = models.GeneratedField(
        expression=Lower(Concat("label", models.Value("\n"), "site")),
        output_field=models.TextField(),
        db_persist=True,
    )

    # Triggers write these (migrations/presence.sql and life.sql), the drain writes the first, and
    # dashboard/statuses/departures.py the others.
    first_known_at = models.DateTimeField(
        null=True, editable=False, help_text="when it first logged on or moved, to a second"
    )
    last_known_at = models.DateTimeField(
        null=True, editable=False, help_text="when it was seen; perhaps it was seen later, too"
    )
    away_since = models.DateTimeField(
        null=True, editable=False, help_text="logged off or found gone; empty while it is present"
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["is_active", "id"], name="browsers_by_activity"),
            models.Index(fields=["id"], name="browsers_present", condition=PRESENT),
            models.Index(fields=["id"], name="browsers_away", condition=~PRESENT),
            models.Index(
                fields=["last_known_at"], name="browsers_by_last_known", condition=PRESENT
            ),
            models.Index(fields=["away_since"], name="browsers_by_departure", condition=~PRESENT),
            models.Index(fields=["site", "id"], name="browsers_by_site"),
            models.Index(*BY_LABEL, "id", name="browsers_in_order_of_labels"),
            # For the beginnings of labels, whatever the database's collation.
            models.Index(
                fields=["label"],
                name="browsers_by_label",
                opclasses=["varchar_pattern_ops"],
                condition=~models.Q(label=""),
            ),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["recording"],
                name="one_instance_of_a_recording",
                condition=~models.Q(recording=""),
            )
        ]

    def __str__(self) -> str:
        return str(self.instance_id)


class Page(models.Model):
    """A page of a site, by its name as stored (analytics/ingest/page_names.py).

    At most MAX_PAGES are made. Scenes on all further pages have the page `(other)` of no site.
    """

    id = models.AutoField(primary_key=True)
    site = models.CharField(max_length=260, blank=True)
    name = models.CharField(max_length=200)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["site", "name"], name="one_page_of_a_name")
        ]

    def __str__(self) -> str:
        return f"{self.site}{self.name}"


class PageVisit(models.Model):
    """That an instance has been on a page: the times of its first and its last scene there.

    It depends on the stored scenes alone, not on the order in which they arrived, and it stays
    when they are dropped. The database has no foreign key to the instance, as for statuses.
    """

    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    browser = models.ForeignKey(
        Browser, models.CASCADE, db_constraint=False, db_index=False, related_name="visits"
    )
    page = models.ForeignKey(Page, models.CASCADE, related_name="visits")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["browser", "page"], name="one_visit")
        ]

    def __str__(self) -> str:
        return f"{self.browser_id} on page {self.page_id}"


class BrowserCount(models.Model):
    """Changes of the number of instances, written by triggers (migrations/browser_counts.sql).

    Their sums are the numbers. Counting the instances would read all of them, and a single row
    would make log-ons wait for each other.
    """

    every = models.BigIntegerField(help_text="instances more, or fewer")
    present = models.BigIntegerField(help_text="of those with an empty `away_since`")

    def __str__(self) -> str:
        return f"{self.every:+} {self.present:+}"


class BrowserStatuses(Browser):
    """A browser in the admin, as the entry to its statuses, with a view permission of its own."""

    class Meta:
        proxy = True
        verbose_name = "statuses of browser"
        verbose_name_plural = "statuses by browser"


class ApiKey(models.Model):
    """A key by which a program reads what its user may read (dashboard/access/api_keys.py).

    It is valid while its user is active and staff. Only a hash of it is stored.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys", editable=False
    )
    name = models.CharField(max_length=100, help_text="what uses it")
    prefix = models.CharField(
        max_length=11, unique=True, editable=False, help_text="how the key begins"
    )
    digest = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the key")
    created_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(editable=False)
    used_at = models.DateTimeField(
        null=True, editable=False, help_text="a use of it, at most an hour before the last one"
    )
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "API key"
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    def is_valid(self, now: datetime) -> bool:
        """Whether it can be used; reads its user."""
        is_open = self.revoked_at is None and self.ends_at > now
        return is_open and self.user.is_active and self.user.is_staff


class ShareLink(models.Model):
    """A link by which anyone who has it reads one thing (dashboard/access/share_links.py).

    Each kind of thing has a column, and exactly one of them is set: an instance, the map of a page,
    or the name of a study. It is valid while its maker may read the thing: a user who is active and
    staff, or the holder of the instance's tokens of this version.
    """

    link_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    browser = models.ForeignKey(
        Browser, models.CASCADE, null=True, related_name="share_links", editable=False
    )
    page = models.ForeignKey(
        Page, models.CASCADE, null=True, related_name="share_links", editable=False
    )
    study = models.CharField(max_length=LONGEST_STUDY, null=True, editable=False)  # noqa: DJ001
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        related_name="share_links",
        editable=False,
        help_text="empty if the holder of the instance's token made it",
    )
    token_version = models.PositiveIntegerField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="shares_one_thing",
                condition=models.Q(browser__isnull=False, page__isnull=True, study__isnull=True)
                | models.Q(
                    browser__isnull=True,
                    page__isnull=False,
                    study__isnull=True,
                    token_version__isnull=True,
                )
                | models.Q(
                    browser__isnull=True,
                    page__isnull=True,
                    study__isnull=False,
                    token_version__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="share_has_one_maker",
                condition=models.Q(created_by__isnull=False, token_version__isnull=True)
                | models.Q(created_by__isnull=True, token_version__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.link_id} of {self.thing}"

    @property
    def thing(self) -> str:
        """What is shared: an instance's id, `page-` and a page's, or `study-` and a study's name.

        May read the instance.
        """
        if self.browser:
            return str(self.browser.instance_id)
        return f"page-{self.page_id}" if self.page_id else f"study-{self.study}"


class BucketStatus(models.Model):
    """One bucket of one browser; docs/metrics.md defines every column.

    The hypertable's key is (browser, interval, time). The database has no foreign key:
    TimescaleDB deadlocks when it creates a chunk while the referenced row is locked.
    """

    pk = models.CompositePrimaryKey("browser", "interval_ms", "time")
    time = TimescaleDateTimeField(interval="7 days", help_text="the bucket's start")
    browser = models.ForeignKey(
        Browser, models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    traversed_distance = models.FloatField(help_text="px")
    avg_velocity = models.FloatField(help_text="px/s")
    peak_velocity = models.FloatField(help_text="px/s, the fastest 100 ms")
    moving_time = models.FloatField(help_text="s")
    interval_ms = models.IntegerField()
    events = models.IntegerField()
    start_x = RealField(help_text="px")
    start_y = RealField(help_text="px")
    end_x = RealField(help_text="px")
    end_y = RealField(help_text="px")

    objects = models.Manager()
    timescale: ClassVar[models.Manager] = TimescaleManager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.browser_id} {self.time} {self.interval_ms} ms"


class PointerStatus(BucketStatus):
    """A status of the first rung, one second; dropped after STATUS_RETENTION_DAYS."""


class CoarseStatus(BucketStatus):
    """A status of a higher rung; these are kept for good, in a hypertable of their own."""

    time = TimescaleDateTimeField(interval="28 days", help_text="the bucket's start")
