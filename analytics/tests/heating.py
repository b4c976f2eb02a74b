"""Heat for tests: sending scenes, draining all of it, and reading whole tables back."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from unittest import TestCase

from django.conf import settings

from analytics.ingest.batch import Batch
from analytics.ingest.scenes import Pointer
from analytics.ingest.scenes import Scene as SentScene
from analytics.maps.heat_drain import drain_heat
from analytics.maps.page_drain import drain_pages
from analytics.models import HeatStatus
from analytics.tests.heat_oracle import Heat, Key
from analytics.tests.oracle import Sample
from analytics.tests.pointers import NOW, drain_all, send_batch, to_event
from analytics.tests.scenery import Scene, moment
from core.values.times import to_epoch_us
from dashboard.models import Browser


def visit(
    browser: Browser,
    samples: Sequence[Sample] = (),
    scenes: Iterable[Scene] = (),
    *,
    now: datetime = NOW,
) -> None:
    """Send samples and scenes as one batch, as a tracker does."""
    events = [to_event(sample) for sample in samples]
    batch = Batch(events=events, scenes=[to_sent(scene) for scene in scenes])
    send_batch(browser, batch, now=now)


def to_sent(scene: Scene) -> SentScene:
    sent = SentScene(
        moment(scene.time),
        scene.seq,
        (scene.viewport_width, scene.viewport_height),
        (scene.document_width, scene.document_height),
        (scene.scroll_x, scene.scroll_y),
        scene.pixel_ratio,
        Pointer(scene.pointer),
    )
    if scene.page is not None:
        sent.page = scene.page
    return sent


def drain_all_heat(*, now: datetime = NOW) -> None:
    """Drain every rung, then all heat that is over, then the pages."""
    drain_all()
    map_all(now=now)


def map_all(*, now: datetime = NOW) -> None:
    for shard in range(settings.ROLLUP_SHARDS):
        drain_heat(shard=shard, now=now)
    drain_pages(now=now)


def unpack(cell: int) -> tuple[int, int]:
    """Return the column and the row of a cell."""
    return cell % 65536 - 32768, cell // 65536


def stored_heat(browser: Browser) -> dict[Key, Heat]:
    rows = HeatStatus.objects.filter(browser=browser).select_related("page")
    return {
        Key(to_epoch_us(row.time), row.page.name, row.width_class, row.pointer): Heat(
            row.events,
            row.distance,
            row.moving_us,
            row.dwell_us,
            dict(
                zip(
                    map(unpack, row.cells),
                    zip(row.dwells, row.samples, strict=True),
                    strict=True,
                )
            ),
        )
        for row in rows
    }


def assert_same_heat(
    test: TestCase, actual: Mapping[Key, Heat], expected: Mapping[Key, Heat]
) -> None:
    """Assert that rows are the same: distances to a relative 1e-9, all else exactly."""
    test.assertEqual(
        {key: heat._replace(distance=0) for key, heat in actual.items()},
        {key: heat._replace(distance=0) for key, heat in expected.items()},
    )
    for key, heat in expected.items():
        tolerance = 1e-9 * max(heat.distance, 1)
        test.assertAlmostEqual(actual[key].distance, heat.distance, delta=tolerance, msg=key)
