"""Examples for the OpenAPI description; made of the wire's own types, so that they fit them."""

from analytics.batches import Batch, Event
from analytics.wire import BatchReceipt, EventPage, StoredEvent
from dashboard.examples import answer_example, request_example

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
    answer_example("sent again", BatchReceipt(accepted=0, duplicates=2, conflicts=0), "202"),
    answer_example("new", BatchReceipt(accepted=2, duplicates=0, conflicts=0), "202"),
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
