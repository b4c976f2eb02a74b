"""Browser instances and the statuses of their pointers, bucket by bucket."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from timescale.db.models.fields import TimescaleDateTimeField
from timescale.db.models.managers import TimescaleManager

from core.storage.fields import RealField


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

    def __str__(self) -> str:
        return str(self.instance_id)


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
