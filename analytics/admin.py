"""The admin's view of stored samples, scenes, marks and trials."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import F

from analytics.models import BrowserEvents, BrowserMarks, BrowserScenes, BrowserTrials, Trial
from analytics.reading.events import EVENTS
from analytics.reading.ranges import Source
from analytics.reading.scenes import MARKS, SCENES
from dashboard.admin_rows import Rows, RowsAdmin, read_page


class SourceAdmin(RowsAdmin):
    """The rows of a hypertable with the key (browser, time, seq)."""

    source: ClassVar[Source]
    # Samples of one second differ in its fraction.
    time_format = "j M Y, H:i:s.u T"

    def list_rows(self, *, browser_id: int, before: str | None) -> Rows:
        rows = self.source.model._default_manager.filter(browser_id=browser_id)
        return read_page(rows, self.source.fields, tie="seq", before=before)


@admin.register(BrowserEvents)
class BrowserEventsAdmin(SourceAdmin):
    """The stored samples."""

    called = "Samples"
    source = EVENTS
    columns = EVENTS.fields


@admin.register(BrowserScenes)
class BrowserScenesAdmin(SourceAdmin):
    """The stored scenes."""

    called = "Scenes"
    source = SCENES
    columns = tuple(column.name for column in SCENES.columns)


@admin.register(BrowserMarks)
class BrowserMarksAdmin(SourceAdmin):
    """The stored marks."""

    called = "Marks"
    source = MARKS
    columns = MARKS.fields


@admin.register(BrowserTrials)
class BrowserTrialsAdmin(RowsAdmin):
    """The stored trials, with the measures that tell most."""

    called = "Trials"
    columns = (
        *("started_at", "ended_at", "study", "trial", "block", "condition", "response", "correct"),
        *("state", "samples", "rt", "mad", "auc", "total_distance"),
    )
    time_format = "j M Y, H:i:s.u T"

    def list_rows(self, *, browser_id: int, before: str | None) -> Rows:
        trials = Trial.objects.filter(browser_id=browser_id).annotate(time=F("started_at"))
        return read_page(trials, self.columns, tie="start_seq", before=before)
