"""Scenes and marks for tests, stored directly, and an oracle of what calls return of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from analytics.models import PointerMark, PointerScene
from analytics.tests.oracle import Sample
from core.values.times import EPOCH, MICROSECOND, to_rfc3339
from dashboard.models import Browser, Page


class Scene(NamedTuple):
    """A scene; its time is in epoch microseconds."""

    time: int
    seq: int
    viewport_width: float = 1280.0
    viewport_height: float = 720.0
    document_width: float = 1280.0
    document_height: float = 5200.0
    scroll_x: float = 0.0
    scroll_y: float = 0.0
    pixel_ratio: float = 2.0
    pointer: str = "mouse"
    page: str | None = None


class Mark(NamedTuple):
    """A mark; its time is in epoch microseconds."""

    time: int
    seq: int
    name: str
    data: dict[str, Any]


NO_SCENE = (None,) * (len(Scene._fields) - 2)


def moment(epoch_us: int) -> datetime:
    return EPOCH + epoch_us * MICROSECOND


def store_scenes(browser: Browser, scenes: Iterable[Scene]) -> None:
    """Store scenes; those on a page make it a page of the browser's site."""
    scenes = list(scenes)
    pages = {
        name: Page.objects.get_or_create(site=browser.site, name=name)[0]
        for name in {scene.page for scene in scenes} - {None}
    }
    PointerScene.objects.bulk_create(
        PointerScene(
            browser=browser,
            **{**scene._asdict(), "time": moment(scene.time), "page": pages.get(scene.page)},
        )
        for scene in scenes
    )


def store_marks(browser: Browser, marks: Iterable[Mark]) -> None:
    PointerMark.objects.bulk_create(
        PointerMark(browser=browser, **{**mark._asdict(), "time": moment(mark.time)})
        for mark in marks
    )


def within(rows: Iterable[Any], *, since: int | None = None, until: int | None = None) -> list[Any]:
    """Return the rows in [since, until), in the order of their keys."""
    return sorted(
        (
            row
            for row in rows
            if (since is None or since <= row.time) and (until is None or row.time < until)
        ),
        key=lambda row: (row.time, row.seq),
    )


def scene_of(sample: Sample, scenes: Sequence[Scene]) -> Scene | None:
    """Return the latest scene with (time, seq) <= the sample's; None where there is none."""
    earlier = [s for s in scenes if (s.time, s.seq) <= (sample.time, sample.seq)]
    return max(earlier, key=lambda s: (s.time, s.seq), default=None)


def to_json(row: NamedTuple) -> dict[str, Any]:
    """Return a row as calls return it."""
    return {**row._asdict(), "time": to_rfc3339(moment(row.time))}
