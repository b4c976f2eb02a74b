"""Pointers that stay on pages of a site: they log on, and send samples and a scene."""

from datetime import UTC, datetime, timedelta

import requests

from tests.service import Service

# Long ago enough that all of it lies in buckets that are over.
AGO = timedelta(hours=2)
DOCUMENT = (1280, 2000)


def stay(
    service: Service,
    page: str,
    places: list[tuple[float, float, float]],
    *,
    site: str = "shop.example",
    viewport: tuple[int, int] = (1280, 720),
    scroll: tuple[int, int] = (0, 0),
    pointer: str = "mouse",
    label: str = "",
    ago: timedelta = AGO,
) -> str:
    """Let a new instance stay at (x, y) in the window for some seconds each; return its id."""
    api = f"{service.url}/api/v1/browsers/"
    origin = {"Origin": f"https://{site}"}
    me = requests.post(api, json={"label": label}, headers=origin, timeout=10).json()
    moment = datetime.now(UTC) - ago
    events = []
    for x, y, seconds in [*places, (*places[-1][:2], 0.0)]:
        events.append({"time": moment.isoformat(), "seq": len(events), "x": x, "y": y})
        moment += timedelta(seconds=seconds)
    scene = {
        "time": events[0]["time"],
        "seq": 0,
        "viewport": viewport,
        "document": DOCUMENT,
        "scroll": scroll,
        "pixel_ratio": 1,
        "pointer": pointer,
        "page": page,
    }
    batch = {"events": events, "scenes": [scene], "token": me["write_token"]}
    answer = requests.post(f"{api}{me['instance_id']}/events/", json=batch, timeout=10)
    assert answer.status_code == 202, answer.text
    return me["instance_id"]


def page_id(service: Service, name: str, site: str = "shop.example") -> int:
    found = service.sql("select id from dashboard_page where name = %s and site = %s", (name, site))
    return found[0][0]
