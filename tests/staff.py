"""Staff who view the pages in a real Chromium."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import BrowserContext, Page

from tests.browser import CDN, answer_as_cdn, open_chromium
from tests.service import Service

PASSWORD = "correct horse battery"
WIDE = {"width": 1280, "height": 900}

OpenStaffPage = Callable[[str], Page]

ADD_STATUSES = """
with added as (
    insert into dashboard_pointerstatus (browser_id, interval_ms, time, events, traversed_distance,
        avg_velocity, peak_velocity, moving_time, start_x, start_y, end_x, end_y)
    select id, 1000, date_trunc('second', now()) - ago * interval '1 second', 60, distance,
        distance, 2 * distance, 0.5, 0, 0, 30, 40
    from dashboard_browser, unnest(%s::int[], %s::float8[]) moved(ago, distance)
    where instance_id = %s
    returning browser_id, time
)
insert into analytics_dirtyrange (browser_id, since, until, rung)
select browser_id, min(time), max(time), 10000 from added group by browser_id
"""


@contextmanager
def logged_in(service: Service) -> Iterator[BrowserContext]:
    """Open a browser in which a member of staff has logged in."""
    service.create_staff("ann", PASSWORD)
    with open_chromium() as browser:
        context = browser.new_context(viewport=WIDE)
        context.route(CDN, answer_as_cdn)
        page = context.new_page()
        log_in(page, service, PASSWORD)
        page.wait_for_url(lambda url: "/login/" not in url)
        page.close()
        yield context
    # Keys and links that Ann made refer to her.
    whose = "= (select id from auth_user where username = 'ann')"
    service.sql(f"delete from dashboard_apikey where user_id {whose}")
    service.sql(f"delete from dashboard_sharelink where created_by_id {whose}")
    service.sql("delete from auth_user where username = 'ann'")


def log_in(page: Page, service: Service, password: str, name: str = "ann") -> None:
    """Fill in the form and send it; the caller checks whether it succeeds."""
    page.goto(f"{service.url}/login/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def add_statuses(service: Service, instance: str, distances: dict[int, float]) -> None:
    """Store seconds of movement by their age; they climb the ladder from there."""
    service.sql(ADD_STATUSES, (list(distances), list(distances.values()), instance))
