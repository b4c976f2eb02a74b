"""Our pages, including charts and the admin, do nothing that their security policy forbids."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import CDN, answer_as_cdn, open_chromium, sweep
from tests.patience import wait_until
from tests.pointer import Pointer
from tests.service import Service

NAME, PASSWORD = "nora", "correct horse battery"
# Violations, whether or not the browser also logged them.
WATCH = """
window.forbidden = [];
addEventListener("securitypolicyviolation", (event) =>
  forbidden.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""
ADMIN = (
    "/admin/",
    "/admin/dashboard/browser/",
    "/admin/dashboard/browserstatuses/",
    "/admin/dashboard/apikey/",
    "/admin/dashboard/sharelink/",
    "/admin/analytics/browserevents/",
    "/admin/auth/user/add/",
    "/admin/auth/user/1/change/",
    "/admin/axes/accessattempt/",
    "/admin/django_celery_beat/periodictask/",
    "/admin/django_celery_beat/periodictask/add/",
    "/admin/django_celery_beat/crontabschedule/add/",
)


@pytest.fixture(scope="module")
def context() -> Iterator[BrowserContext]:
    with open_chromium() as browser:
        context = browser.new_context()
        context.add_init_script(WATCH)
        context.route(CDN, answer_as_cdn)
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


@pytest.fixture
def staff(service: Service, page: Page) -> Page:
    """A page of a superuser, who has logged in through the form."""
    if "/login/" in page.request.get(f"{service.url}/admin/").url:
        log_in_superuser(service, page)
    return page


def log_in_superuser(service: Service, page: Page) -> None:
    if not service.sql("select 1 from auth_user where username = %s", (NAME,)):
        service.create_staff(NAME, PASSWORD)
    page.goto(f"{service.url}/login/?next=/admin/")
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(f"{service.url}/admin/")


def forbidden(page: Page) -> list[str]:
    page.wait_for_load_state("networkidle")
    return page.evaluate("forbidden")


def test_the_charts_are_drawn_and_nothing_is_forbidden(service: Service, page: Page) -> None:
    page.goto(service.url)
    expect(page.locator("[data-live]")).to_have_attribute("data-charts", "ready")
    sweep(page, (200, 200), (800, 500), 0.6)
    wait_until(lambda: float(page.locator("[data-tile=events]").get_attribute("value") or 0))
    assert page.evaluate("forbidden") == []
    # ApexCharts' own style sheet was allowed by its hash.
    expect(page.locator(".apexcharts-canvas").first).to_have_css("position", "relative")


@pytest.mark.parametrize("path", ["/login/", "/admin/login/", "/nothing/"])
def test_a_page_for_people_is_forbidden_nothing(service: Service, page: Page, path: str) -> None:
    page.goto(service.url + path)
    assert forbidden(page) == []


def test_what_the_policy_does_not_allow_is_forbidden(service: Service, page: Page) -> None:
    page.goto(f"{service.url}/login/")
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.injected = 1";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend", "<p style='color: red'>styled</p>");
    }""")
    found = sorted(line.split()[0] for line in forbidden(page))
    assert found == ["script-src-elem", "style-src-attr"]
    assert page.evaluate("window.injected") is None


@pytest.mark.parametrize("path", ADMIN)
def test_the_admin_is_forbidden_nothing(service: Service, staff: Page, path: str) -> None:
    staff.goto(service.url + path)
    expect(staff.get_by_role("button", name="Log out")).to_be_visible()
    assert forbidden(staff) == []


def test_an_instances_pages_in_the_admin_are_forbidden_nothing(
    service: Service, staff: Page
) -> None:
    instance = service.log_on()["instance_id"]
    key = service.sql("select id from dashboard_browser where instance_id = %s", (instance,))[0][0]
    for path in (
        f"dashboard/browser/{key}/change/",
        f"dashboard/browser/{key}/delete/",
        f"dashboard/browserstatuses/{key}/change/",
        f"analytics/browserevents/{key}/change/",
    ):
        staff.goto(f"{service.url}/admin/{path}")
        expect(staff.get_by_text(instance[:8]).first).to_be_visible()
        assert forbidden(staff) == []


def test_a_logged_in_user_can_log_out_on_the_page(service: Service, staff: Page) -> None:
    staff.goto(service.url)
    expect(staff.get_by_role("link", name="Admin")).to_be_visible()
    staff.get_by_role("button", name="Log out").click()
    expect(staff.get_by_role("button", name="Log out")).to_be_hidden()
    assert forbidden(staff) == []


def test_a_batchs_answer_has_what_every_answer_needs_and_nothing_for_pages(
    service: Service,
) -> None:
    headers = Pointer(service).send(1).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    names = {name.lower() for name in headers}
    assert {"x-request-id", "content-length", "access-control-allow-origin"} <= names
    assert not {"content-security-policy", "permissions-policy", "set-cookie"} & names
