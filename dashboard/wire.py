"""The JSON of requests and answers about browser instances and statuses."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.conf import settings
from msgspec import UNSET, Meta, Struct, UnsetType

from core.api.rendering import TimeText
from core.values.times import to_rfc3339
from core.web.aliases import OWN_API_URL
from dashboard.access.share_links import DEFAULT_DAYS, MOST_DAYS
from dashboard.instances.tokens import make_ticket
from dashboard.models import Browser
from dashboard.statuses.presence import State, seen_at, state_of

WriteTokenText = Annotated[
    str, Meta(description="names the instance; sent back as `Authorization: Bearer …`")
]
StreamUrl = Annotated[
    str, Meta(description="where changed statuses are pushed; the ticket in it holds for minutes")
]
# Control characters would break lines in lists, files and terminals.
Label = Annotated[str, Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Pixels = Annotated[float, Meta(description="CSS px")]


class LogOn(Struct, forbid_unknown_fields=True):
    """Id and token resume an instance; neither creates a new one."""

    instance_id: UUID | None = None
    write_token: str | None = None
    label: Annotated[
        Label, Meta(description="a name for people; a resumed instance keeps the one that it has")
    ] = ""


class BeaconToken(Struct, forbid_unknown_fields=True):
    """The write token, where a beacon cannot send headers."""

    token: str | None = None


class BrowserChange(Struct, forbid_unknown_fields=True):
    """The fields of an instance that can be changed, at least one of them."""

    is_active: bool | UnsetType = UNSET
    label: Label | UnsetType = UNSET


class ShareWish(Struct, forbid_unknown_fields=True):
    """How long a share link is valid."""

    days: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = DEFAULT_DAYS


class ShareTicket(Struct, forbid_unknown_fields=True):
    """What follows `#share=` in a share link's address."""

    ticket: str


class Share(Struct):
    """A share link of an instance."""

    share_id: UUID
    url: Annotated[
        str, Meta(description="the page to open; what follows `#share=` is secret, and only reads")
    ]
    ends_at: TimeText


class TrackerConfig(Struct):
    """How a tracker should send."""

    flush_interval_ms: int
    max_batch_events: int
    max_batch_bytes: int
    idle_gap_ms: int
    poll_interval_ms: int


class LoggedOn(Struct):
    """An instance that has logged on, and the configuration of its tracker."""

    instance_id: UUID
    write_token: WriteTokenText
    server_time: TimeText
    config: TrackerConfig
    stream_url: StreamUrl


class BrowserInstance(Struct):
    """A browser instance."""

    instance_id: UUID
    is_active: Annotated[bool, Meta(description="logged on, and not logged off since")]
    state: Annotated[
        State,
        Meta(
            description="`moving`: within the last 10 s; `resting`: logged on, and seen within the"
            " last 30 min; `gone`: logged on, and not seen for longer; `off`: logged off"
        ),
    ]
    seen_at: Annotated[
        TimeText, Meta(description="when it moved, logged on or logged off, whichever was last")
    ]
    logged_on_at: TimeText
    logged_off_at: TimeText | None
    label: Annotated[str, Meta(description="a name for people; empty by default")]
    site: Annotated[
        str, Meta(description="the host of the page that logged it on; empty if it is not known")
    ]
    stream_url: StreamUrl


class BrowserPage(Struct):
    """A page of instances, the newest first."""

    browsers: list[BrowserInstance]
    next_cursor: Annotated[
        str | None, Meta(description="the `cursor` of the next page; null: this was the last")
    ]
    next: Annotated[str | None, Meta(description="the next page's path, with the same filters")]


class Status(Struct):
    """One bucket of one browser. docs/metrics.md defines every number."""

    time: TimeText
    interval_ms: int
    events: int
    traversed_distance: Pixels
    avg_velocity: Annotated[float, Meta(description="px/s")]
    peak_velocity: Annotated[float, Meta(description="px/s, the fastest 100 ms")]
    moving_time: Annotated[float, Meta(description="s")]
    start_x: float | None
    start_y: float | None
    end_x: float | None
    end_y: float | None


class TotalStatus(Struct):
    """One bucket of all browsers together."""

    time: TimeText
    interval_ms: int
    events: int
    traversed_distance: Pixels
    avg_velocity: Annotated[float, Meta(description="px/s")]
    peak_velocity: Annotated[float, Meta(description="px/s, the fastest 100 ms of any browser")]
    moving_time: Annotated[float, Meta(description="s")]


class Series(Struct):
    """The statuses of one browser in [since, until)."""

    instance_id: UUID
    interval_ms: int
    since: TimeText
    until: TimeText
    statuses: list[Status]


class TotalSeries(Struct):
    """The statuses of all browsers together in [since, until)."""

    interval_ms: int
    since: TimeText
    until: TimeText
    statuses: list[TotalStatus]


class ServerTime(Struct):
    """The server's clock."""

    server_time: TimeText


def stream_url(instance_id: UUID, *, grant: str = "") -> str:
    """Return the address of the instance's stream, with a fresh ticket that ends with the grant."""
    ticket = make_ticket(instance_id=instance_id, grant=grant)
    return f"{settings.STREAM_URL}{OWN_API_URL}browsers/{instance_id}/stream/?ticket={ticket}"


def to_wire(
    browser: Browser, *, moved_at: datetime | None, now: datetime, grant: str
) -> BrowserInstance:
    off = browser.logged_off_at
    return BrowserInstance(
        instance_id=browser.instance_id,
        is_active=browser.is_active,
        state=state_of(browser, moved_at=moved_at, now=now),
        seen_at=to_rfc3339(seen_at(browser, moved_at)),
        logged_on_at=to_rfc3339(browser.logged_on_at),
        logged_off_at=to_rfc3339(off) if off else None,
        label=browser.label,
        site=browser.site,
        stream_url=stream_url(browser.instance_id, grant=grant),
    )
