"""Pointer samples, scenes and marks as received, their heat, and the outbox of what to compute."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
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


class Trial(models.Model):
    """One trial of an experiment: between a browser's `trial:start` and its next mark of a trial.

    It is made from marks, samples and scenes, anew when one arrives late, and outlives them.
    docs/metrics.md (Measures of a trial) defines the measures; each is null where there is nothing
    to measure. The database has no foreign key, as for samples.
    """

    browser = models.ForeignKey(
        "dashboard.Browser", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    start_seq = models.IntegerField()
    end_seq = models.IntegerField()
    state = models.CharField(max_length=9, help_text="`ended`, or `abandoned` by the next start")
    study = models.TextField()
    trial = models.TextField(help_text="its number or name in the study")
    block = models.TextField()
    condition = models.TextField()
    response = models.TextField()
    correct = models.BooleanField(null=True)
    start_target = models.JSONField(null=True, help_text="x, y, width, height in viewport px")
    targets = models.JSONField(help_text="by name: x, y, width, height in viewport px at the start")
    samples = models.IntegerField(null=True, help_text="null: more than are measured")
    rt = models.FloatField(help_text="s")
    mad = models.FloatField(null=True, help_text="px")
    mad_time = models.FloatField(null=True, help_text="s since the start")
    md_above = models.FloatField(null=True, help_text="px")
    md_below = models.FloatField(null=True, help_text="px")
    ad = models.FloatField(null=True, help_text="px")
    auc = models.FloatField(null=True, help_text="px²")
    x_flips = models.IntegerField(null=True)
    y_flips = models.IntegerField(null=True)
    x_reversals = models.IntegerField(null=True)
    y_reversals = models.IntegerField(null=True)
    initiation_time = models.FloatField(null=True, help_text="s since the start")
    idle_time = models.FloatField(null=True, help_text="s")
    hovers = models.IntegerField(null=True)
    hover_time = models.FloatField(null=True, help_text="s")
    total_distance = models.FloatField(null=True, help_text="px")
    velocity_max = models.FloatField(null=True, help_text="px/s")
    velocity_max_time = models.FloatField(null=True, help_text="s since the start")
    acceleration_max = models.FloatField(null=True, help_text="px/s²")
    sample_entropy = models.FloatField(null=True)
    # Of trials with two targets.
    target_distance = models.FloatField(null=True, help_text="px")
    overshoot = models.FloatField(null=True, help_text="px")
    overshoot_aside = models.FloatField(null=True, help_text="px")
    target_reentries = models.IntegerField(null=True)
    axis_crossings = models.IntegerField(null=True)
    direction_changes = models.IntegerField(null=True)
    orthogonal_changes = models.IntegerField(null=True)
    movement_variability = models.FloatField(null=True, help_text="px")
    movement_error = models.FloatField(null=True, help_text="px")
    movement_offset = models.FloatField(null=True, help_text="px")
    sample_rate = models.FloatField(null=True, help_text="Hz, of the median interval")
    longest_gap = models.FloatField(null=True, help_text="s, over which it moved 10 px or more")
    same_times = models.IntegerField(null=True, help_text="samples with the time of the one before")
    resized = models.BooleanField(null=True, help_text="whether the viewport changed its size")
    path_x = ArrayField(
        models.FloatField(), null=True, help_text="px, of the time-normalised path of 101 steps"
    )
    path_y = ArrayField(models.FloatField(), null=True, help_text="px, likewise")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["browser", "started_at", "start_seq"], name="one_trial_of_a_start"
            )
        ]
        indexes: ClassVar = [models.Index(fields=["study", "id"], name="trials_of_a_study")]

    def __str__(self) -> str:
        return f"{self.browser_id} {self.started_at} {self.study} {self.trial}"


class HeatStatus(models.Model):
    """The heat of one browser in five minutes, on one page at one width class and pointer type.

    docs/metrics.md (Heat) defines every number. The cells are packed into arrays, because a row for
    each of them would take more than half as many bytes as the samples. A cell is one int
    (analytics/migrations/heat.sql). The database has no foreign key, as for statuses.
    """

    pk = models.CompositePrimaryKey("browser", "time", "page", "width_class", "pointer")
    time = TimescaleDateTimeField(interval="7 days", help_text="the bucket's start")
    browser = models.ForeignKey(
        "dashboard.Browser", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    distance = models.FloatField(help_text="px")
    moving_us = models.BigIntegerField(help_text="µs")
    dwell_us = models.BigIntegerField(help_text="µs")
    page = models.ForeignKey(
        "dashboard.Page", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    events = models.IntegerField()
    width_class = models.SmallIntegerField(
        help_text="CSS px, the least viewport width of the class"
    )
    pointer = models.CharField(max_length=5)
    cells = ArrayField(models.IntegerField())
    dwells = ArrayField(models.IntegerField(), help_text="µs in each cell")
    samples = ArrayField(models.IntegerField(), help_text="in each cell")

    objects = models.Manager()
    timescale: ClassVar[models.Manager] = TimescaleManager()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["page", "time"], name="heat_of_page")]

    def __str__(self) -> str:
        return f"{self.browser_id} {self.time} page {self.page_id}"


class PageBucket(models.Model):
    """All browsers together on one page, at one width class and pointer type, in one bucket."""

    pk = models.CompositePrimaryKey("page", "time", "width_class", "pointer")
    time = TimescaleDateTimeField(interval="28 days", help_text="the bucket's start")
    dwell_us = models.BigIntegerField(help_text="µs")
    page = models.ForeignKey(
        "dashboard.Page", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    events = models.IntegerField()
    instances = models.IntegerField(help_text="distinct browsers")
    width_class = models.SmallIntegerField(
        help_text="CSS px, the least viewport width of the class"
    )
    pointer = models.CharField(max_length=5)

    objects = models.Manager()
    timescale: ClassVar[models.Manager] = TimescaleManager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"page {self.page_id} {self.time}"


class PageHeat(PageBucket):
    """The heat of a page in one day (UTC); kept for good. The cells are packed as in HeatStatus."""

    cells = ArrayField(models.IntegerField())
    dwells = ArrayField(models.BigIntegerField(), help_text="µs in each cell")
    samples = ArrayField(models.IntegerField(), help_text="in each cell")
    visitors = ArrayField(models.IntegerField(), help_text="distinct browsers in each cell")


class PageStatus(PageBucket):
    """The movement on a page in one hour; kept for good."""

    distance = models.FloatField(help_text="px")
    moving_us = models.BigIntegerField(help_text="µs")


class DirtyPage(models.Model):
    """The outbox of pages: their buckets that await a drain, because heat in them changed.

    Append-only and without a unique key, as DirtyRange is.
    """

    page = models.ForeignKey(
        "dashboard.Page", models.CASCADE, db_constraint=False, db_index=False, related_name="+"
    )
    since = models.DateTimeField(help_text="the start of the bucket")
    created_at = models.DateTimeField(db_default=Now())
    length_ms = models.IntegerField(help_text="the bucket's length: an hour, or a day")

    class Meta:
        indexes: ClassVar = [models.Index("page", "length_ms", "since", name="waiting_pages")]

    def __str__(self) -> str:
        return f"page {self.page_id} {self.since} {self.length_ms} ms"


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


class BrowserTrials(Browser):
    """A browser in the admin, as the entry to its trials, with a view permission of its own."""

    class Meta:
        proxy = True
        verbose_name = "trials of browser"
        verbose_name_plural = "trials by browser"


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
