"""Pointer samples, scenes and marks as received, and the outbox of statuses to compute."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from timescale.db.models.fields import TimescaleDateTimeField
from timescale.db.models.managers import TimescaleManager

from core.storage.fields import RealField
from dashboard.models import Browser


class PointerPositionEvent(models.Model):
    """One pointer sample. Its identity, and the hypertable's key, is (browser, time, seq).

    Two real samples can carry the same time, and `seq` keeps them apart. Columns are ordered from
    wide to narrow, so that no byte is lost to alignment. The database has no foreign key:
    TimescaleDB deadlocks when it creates a chunk while the referenced row is locked.
    """

    pk = models.CompositePrimaryKey("browser", "time", "seq")
    time = TimescaleDateTimeField(interval="1 day")
    browser = models.ForeignKey(
        "dashboard.Browser", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    x = RealField(help_text="CSS px in the viewport")
    y = RealField(help_text="CSS px in the viewport")
    seq = models.IntegerField()
    enter = models.BooleanField(help_text="the pointer came (back) into the page here")

    objects = models.Manager()
    timescale: ClassVar[models.Manager] = TimescaleManager()

    def __str__(self) -> str:
        return f"{self.browser_id} {self.time} #{self.seq}"


class PointerScene(models.Model):
    """What lies under a browser's pointer from (time, seq) until the browser's next scene.

    Identity, key, columns and the missing foreign key are as for samples. Lengths are in CSS px;
    a sample's place in the document is its position + the scroll. A scene is dropped with samples.
    """

    pk = models.CompositePrimaryKey("browser", "time", "seq")
    time = TimescaleDateTimeField(interval="1 day")
    browser = models.ForeignKey(
        "dashboard.Browser", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    viewport_width = RealField(help_text="CSS px")
    viewport_height = RealField(help_text="CSS px")
    document_width = RealField(help_text="CSS px")
    document_height = RealField(help_text="CSS px")
    scroll_x = RealField(help_text="CSS px")
    scroll_y = RealField(help_text="CSS px")
    pixel_ratio = RealField(help_text="device px per CSS px")
    seq = models.IntegerField()
    page = models.ForeignKey(
        "dashboard.Page",
        models.SET_NULL,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
        help_text="empty unless the site sends names of pages",
    )
    pointer = models.CharField(max_length=5, help_text="`mouse`, `pen` or `touch`")

    objects = models.Manager()
    timescale: ClassVar[models.Manager] = TimescaleManager()

    def __str__(self) -> str:
        return f"{self.browser_id} {self.time} #{self.seq}"


class PointerMark(models.Model):
    """Something that a site's own code says happened, such as the start of a trial.

    Identity, key and the missing foreign key are as for samples. A mark is dropped with samples.
    """

    pk = models.CompositePrimaryKey("browser", "time", "seq")
    time = TimescaleDateTimeField(interval="1 day")
    browser = models.ForeignKey(
        "dashboard.Browser", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    seq = models.IntegerField()
    name = models.CharField(max_length=64)
    data = models.JSONField(help_text="a JSON object of at most 1 KiB")

    objects = models.Manager()
    timescale: ClassVar[models.Manager] = TimescaleManager()

    def __str__(self) -> str:
        return f"{self.browser_id} {self.time} #{self.seq} {self.name}"


class BrowserEvents(Browser):
    """A browser in the admin, as the entry to its samples, with a view permission of its own."""

    class Meta:
        proxy = True
        verbose_name = "events of browser"
        verbose_name_plural = "events by browser"


class BrowserScenes(Browser):
    """A browser in the admin, as the entry to its scenes, with a view permission of its own."""

    class Meta:
        proxy = True
        verbose_name = "scenes of browser"
        verbose_name_plural = "scenes by browser"


class BrowserMarks(Browser):
    """A browser in the admin, as the entry to its marks, with a view permission of its own."""

    class Meta:
        proxy = True
        verbose_name = "marks of browser"
        verbose_name_plural = "marks by browser"


class DirtyRange(models.Model):
    """The outbox: samples in [since, until] of a browser await the rung's drain.

    Append-only and without a unique key, so that ingest never waits for a drain. Coalescing marks
    with `on conflict do nothing` would lose updates.
    """

    browser = models.ForeignKey(
        "dashboard.Browser", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    since = models.DateTimeField(help_text="time of the earliest new sample")
    until = models.DateTimeField(help_text="time of the latest new sample")
    created_at = models.DateTimeField(db_default=Now())
    rung = models.IntegerField(help_text="the interval in ms of the statuses to recompute")
    events = models.IntegerField(
        null=True, help_text="new samples, or changed statuses of the rung below; null: not known"
    )
    large = models.BooleanField(
        db_default=False, help_text="one bucket that has a job of its own, because it holds so much"
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(
                "rung", "browser", "since", condition=models.Q(large=False), name="waiting_marks"
            ),
            models.Index("id", condition=models.Q(large=True), name="large_marks"),
        ]

    def __str__(self) -> str:
        return f"{self.browser_id} [{self.since}, {self.until}] {self.rung} ms"


class Turn(models.Model):
    """A lock, and whose turn it is: drains of a rung lock the slots of their shard.

    analytics/rollups/shards.py has the slots. The next claim of backlog begins after
    `after_browser`.
    """

    pk = models.CompositePrimaryKey("rung", "slot")
    rung = models.IntegerField()
    slot = models.IntegerField()
    after_browser = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.rung} ms, slot {self.slot}"


class Seal(models.Model):
    """Data of a level (dashboard/statuses/ladder.py) before this moment may have been dropped.

    A bucket that begins before it is sealed: it keeps what was computed from that level.
    """

    level = models.IntegerField(primary_key=True, help_text="0 for raw samples, or a rung in ms")
    before = models.DateTimeField()
    sealed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"level {self.level} before {self.before}"


class Rung(models.Model):
    """A rung of the ladder, repeated from the setting RUNGS for the views, which cannot read it."""

    interval_ms = models.IntegerField(primary_key=True, help_text="ms: the length of its buckets")

    def __str__(self) -> str:
        return f"{self.interval_ms} ms"


class Heartbeat(models.Model):
    """When a periodic job last ran: if it is recent, Beat, broker and worker all run."""

    job = models.CharField(max_length=50, primary_key=True)
    beat_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.job} {self.beat_at}"
