"""Examples for the OpenAPI description, built from the wire's types, so that they match them."""

from analytics.ingest.batch import Batch, Event
from analytics.ingest.scenes import Mark, Pointer, Scene
from analytics.wire import (
    EventPage,
    MarkPage,
    Measured,
    Measures,
    Receipt,
    ScenePage,
    StoredEvent,
    StoredMark,
    StoredScene,
)
from dashboard.api.examples import INSTANCE, answer_example, request_example

BATCH = [
    request_example(
        "two samples",
        Batch(
            events=[
                Event(time=1795435200000.125, x=812.5, y=40, seq=17, enter=True),
                Event(time=1795435200016.625, x=815, y=44.5, seq=18),
            ]
        ),
    ),
    request_example(
        "a sample, what it moved over, and why",
        Batch(
            events=[Event(time=1795435200000.125, x=812.5, y=40, seq=17)],
            scenes=[
                Scene(
                    time=1795435200000.125,
                    seq=17,
                    viewport=(1280, 720),
                    document=(1280, 5200),
                    scroll=(0, 640),
                    pixel_ratio=2,
                    pointer=Pointer.MOUSE,
                    page="/pricing",
                )
            ],
            marks=[Mark(time=1795435200000.125, name="trial:start", seq=40, data={"trial": 3})],
        ),
    ),
    answer_example("sent again", Receipt(accepted=0, duplicates=2, conflicts=0), "202"),
    answer_example("new", Receipt(accepted=2, duplicates=0, conflicts=0), "202"),
    answer_example(
        "new, with a scene and a mark",
        Receipt(accepted=1, duplicates=0, conflicts=0, scenes=1, marks=1),
        "202",
    ),
]
PAGE = [
    answer_example(
        "a page of one",
        EventPage(
            events=[StoredEvent("2026-11-23T12:00:00.000125Z", 812.5, 40.0, 17, enter=True)],
            next_cursor="1795435200000125,17",
        ),
        "200",
    )
]
SCENES = [
    answer_example(
        "a scene",
        ScenePage(
            scenes=[
                StoredScene(
                    time="2026-11-23T12:00:00.000125Z",
                    seq=17,
                    viewport_width=1280.0,
                    viewport_height=720.0,
                    document_width=1280.0,
                    document_height=5200.0,
                    scroll_x=0.0,
                    scroll_y=640.0,
                    pixel_ratio=2.0,
                    pointer="mouse",
                    page="/pricing",
                )
            ],
            next_cursor=None,
        ),
        "200",
    )
]
MARKS = [
    answer_example(
        "a mark",
        MarkPage(
            marks=[StoredMark("2026-11-23T12:00:00.000125Z", 40, "trial:start", {"trial": 3})],
            next_cursor=None,
        ),
        "200",
    )
]
MEASURES = [
    answer_example(
        "a movement, a pause and the way back",
        Measures(
            instance_id=INSTANCE,
            since="2026-11-23T12:00:00.000000Z",
            until=None,
            pause_ms=250,
            measures=Measured(
                events=6,
                entries=1,
                tracked_time=1.0,
                moving_time=0.65,
                path_length=60.0,
                net_x=20.0,
                net_y=0.0,
                net_displacement=20.0,
                straightness=1 / 3,
                x_flips=1,
                y_flips=0,
                pauses=1,
                pause_time=0.6,
                strokes=2,
                stroke_time=0.4,
                velocity_mean=125.0,
                velocity_p5=100.0,
                velocity_p25=100.0,
                velocity_p50=100.0,
                velocity_p75=100.0,
                velocity_p95=200.0,
                velocity_max=200.0,
                acceleration_max=1000.0,
                acceleration_min=0.0,
                jerk_rms=None,
                log_dimensionless_jerk=None,
            ),
        ),
        "200",
    )
]
