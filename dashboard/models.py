"""Browser instances and what their pointers did, bucket by bucket."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from timescale.db.models.fields import TimescaleDateTimeField
from timescale.db.models.managers import TimescaleManager

from core.storage.fields import RealField


class Browser(models.Model):
    """One browser instance: a stream of pointer samples, logged on or off.

    It is one tab's; on `/` it is that of all tabs of a session.
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

    def __str__(self) -> str:
        return str(self.instance_id)


class BrowserStatuses(Browser):
    """A browser in the admin, as the door to its statuses; the permission to view is its own."""

    class Meta:
        proxy = True
        verbose_name = "statuses of browser"
        verbose_name_plural = "statuses by browser"


class BucketStatus(models.Model):
    """One bucket of one browser; docs/metrics.md defines every column.

    The hypertable's key is (browser, interval, time). There is no foreign key in the database:
    TimescaleDB deadlocks when a chunk is made while the referenced row is locked.
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
    """A status of any higher rung; these stay, which is why they have a hypertable of their own."""

    time = TimescaleDateTimeField(interval="28 days", help_text="the bucket's start")
