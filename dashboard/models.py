"""Browser instances and the statuses of their pointers, bucket by bucket."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from timescale.db.models.fields import TimescaleDateTimeField
from timescale.db.models.managers import TimescaleManager

from core.storage.fields import RealField

PRESENT = models.Q(away_since__isnull=True)


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

    # Triggers write these two (migrations/presence.sql), and dashboard/statuses/departures.py.
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
