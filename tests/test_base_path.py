"""The service below a path of another site, by a real Caddy that passes the path on or cuts it off.

The rest of the site answers 404, so an address that leaves the path is seen.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import CDN, answer_as_cdn, open_chromium, sweep
from tests.embedding import open_site
from tests.patience import wait_until
from tests.pointer import Pointer
from tests.production import DOMAIN
from tests.proxy import Proxy
from tests.service import BIN, Service, free_port
from tests.staff import PASSWORD, log_in

BASE = "/stats"
SITE = """
{
	admin off
	auto_https off
}
http://127.0.0.1:%(port)s {
	@ours path /stats /stats/*
	handle @ours {
		%(strip)s
		@stream path_regexp ^/.+/browsers/[0-9a-f-]{36}/stream/$
		reverse_proxy @stream 127.0.0.1:%(live)s {
			flush_interval -1
		}
		reverse_proxy 127.0.0.1:%(web)s
	}
	respond "another site" 404
}
"""
STRIPS = {"passes the path on": "", "cuts the path off": "uri strip_prefix /stats"}


@contextmanager
def caddy(folder: Path, service: Service, strip: str) -> Iterator[str]:
    """Yield the site's origin."""
    port = free_port()
    values = {"port": port, "strip": strip, "live": service.live_port, "web": service.port}
    (folder / "Caddyfile").write_text(SITE % values)
    words = [BIN / "caddy", "run", "--config", folder / "Caddyfile", "--adapter", "caddyfile"]
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "caddy.log").open("wb") as log:
        running = subprocess.Popen(words, env=home, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: answers(url), what=str(folder / "caddy.log"))
        yield url
    finally:
        running.terminate()
        running.wait(20)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).text == "another site"
    except requests.RequestException:
        return False


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(
        tmp_path_factory.mktemp("below"),
        BASE_PATH=BASE,
        STREAM_URL="",
        TRUSTED_PROXIES="1",
        ALLOWED_HOSTS=f"127.0.0.1,{DOMAIN}",
    )
    with service:
        service.create_staff("ann", PASSWORD)
        yield service


@pytest.fixture(scope="module", params=STRIPS)
def site(
    request: pytest.FixtureRequest, below: Service, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Service]:
    """The service, at the address that people have of it."""
    own = below.url
    with caddy(tmp_path_factory.mktemp("site"), below, STRIPS[request.param]) as url:
        below.url = f"{url}{BASE}"
        yield below
    below.url = own


@pytest.fixture
def strays() -> list[str]:
    """Addresses of the site, asked for by pages, that are not below the path."""
    return []


@pytest.fixture
def context(site: Service, strays: list[str]) -> Iterator[BrowserContext]:
    origin = site.url.removesuffix(BASE)

    def note(request) -> None:
        parts = urlsplit(request.url)
        if request.url.startswith(origin) and not f"{parts.path}/".startswith(f"{BASE}/"):
            strays.append(request.url)

    with open_chromium() as chromium:
        context = chromium.new_context()
        context.route(CDN, answer_as_cdn)
        context.on("request", note)
        yield context


def addresses(page: Page) -> list[str]:
    """Return the page's links, forms and files."""
    return page.evaluate(
        """[...document.querySelectorAll("[href], [src], form[action]")]
            .map((one) => one.href || one.src || one.action)
            .filter((one) => typeof one === "string" && one.startsWith(location.origin))"""
    )


def assert_below(site: Service, page: Page) -> None:
    found = addresses(page)
    assert found
    assert [one for one in found if not f"{one}/".startswith(f"{site.url}/")] == []


def test_visitors_see_their_pointer_live(
    site: Service, context: BrowserContext, strays: list[str]
) -> None:
    page = context.new_page()
    page.goto(f"{site.url}/")
    expect(page.locator("[data-live]")).to_have_attribute("data-connection", "live")
    sweep(page, (100, 100), (400, 300), 1)
    wait_until(lambda: site.sql("select 1 from analytics_pointerpositionevent"))
    assert_below(site, page)
    assert strays == []


def test_staff_log_in_look_and_log_out(
    site: Service, context: BrowserContext, strays: list[str]
) -> None:
    pointer = Pointer(site)
    pointer.send(1, 2, 3)
    page = context.new_page()
    page.goto(f"{site.url}/browsers/")
    assert page.url == f"{site.url}/login/?next={BASE}/browsers/"
    log_in(page, site, PASSWORD)
    page.wait_for_url(lambda url: "/login/" not in url)
    for path in (
        "/browsers/",
        f"/browsers/{pointer.instance_id}/",
        "/admin/",
        "/admin/dashboard/browser/",
    ):
        assert page.goto(site.url + path).status == 200, path
        assert_below(site, page)
    page.goto(f"{site.url}/browsers/{pointer.instance_id}/")
    files = page.locator("[data-export]").evaluate_all("(links) => links.map((one) => one.href)")
    assert files
    for file in files:
        assert page.request.get(file).status == 200, file
    cookies = {cookie["name"]: cookie["path"] for cookie in context.cookies()}
    assert cookies == {"pointerscope_session": "/stats/", "pointerscope_csrf": "/stats/"}
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{site.url}/")
    assert strays == []


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/redoc/"])
def test_the_description_calls_below_the_path(
    site: Service, context: BrowserContext, strays: list[str], path: str
) -> None:
    page = context.new_page()
    page.goto(site.url + path)
    expect(page.get_by_text("/api/v1/time/").first).to_be_visible(timeout=30_000)
    assert strays == []
    description = requests.get(f"{site.url}/api/v1/schema/?format=json", timeout=30).json()
    assert [server["url"] for server in description["servers"]] == [BASE]
    assert {name[:8] for name in description["paths"]} == {"/api/v1/"}


def test_another_sites_page_embeds_the_tracker(
    site: Service, context: BrowserContext, strays: list[str], tmp_path: Path
) -> None:
    page = context.new_page()
    log_in(page, site, PASSWORD)
    page.wait_for_url(lambda url: "/login/" not in url)
    site.sql("delete from analytics_pointerpositionevent")
    site.sql("truncate dashboard_browser cascade")
    page.goto(f"{site.url}/browsers/")
    tag = page.locator("#tracker-tag").inner_text()
    assert f'src="{site.url}/static/analytics/tracker.js"' in tag
    with open_site(tmp_path) as other:
        other.write("page.html", tag)
        page.goto(f"{other.url}/page.html")
        page.wait_for_function("window.pointerscope?.status?.() || window.pointerscope")
        sweep(page, (100, 100), (400, 300), 1)
        wait_until(lambda: site.sql("select 1 from analytics_pointerpositionevent"))
    assert strays == []


def test_redirects_problems_and_streams_stay_below_the_path(site: Service) -> None:
    def ask(path: str) -> requests.Response:
        return requests.get(site.url + path, timeout=10, allow_redirects=False)

    assert ask("/browsers").headers["Location"] == "/stats/browsers/"
    assert ask("/favicon.ico").headers["Location"].startswith("/stats/static/")
    assert ask("").status_code == ask("/").status_code == 200
    assert 'href="/stats/"' in ask("/nowhere/").text
    problem = ask("/api/v1/nowhere/")
    assert (problem.status_code, problem.json()["code"]) == (404, "not_found")
    me = site.log_on()
    assert me["stream_url"].startswith(f"/stats/api/v1/browsers/{me['instance_id']}/stream/")
    origin = site.url.removesuffix(BASE)
    with requests.get(origin + me["stream_url"], stream=True, timeout=10) as stream:
        assert next(stream.iter_lines()) == b"retry: 2000"


def test_probes_answer_with_and_without_the_path(site: Service) -> None:
    web = f"http://127.0.0.1:{site.port}"
    for base in ("", BASE):
        assert requests.get(f"{web}{base}/healthz", timeout=5).text
    live = f"http://127.0.0.1:{site.live_port}"
    assert requests.get(f"{live}{BASE}/healthz", timeout=5).status_code == 200


def test_the_images_proxy_keeps_the_operators_pages_inside_and_leads_streams_to_live(
    below: Service, tmp_path: Path
) -> None:
    with Proxy(tmp_path, web=below.port, live=below.live_port) as proxy:
        inside = [f"{base}/{name}" for base in ("", BASE) for name in ("metrics", "readyz")]
        assert {proxy.request("GET", path)[0].status for path in inside} == {404}
        answer, page = proxy.request("GET", f"{BASE}/")
        assert (answer.status, b'href="/stats/"' in page) == (200, True)
        path = f"{BASE}/api/v1/browsers/{below.log_on()['instance_id']}/stream/"
        refused, _ = proxy.request("GET", path)
        # Live's own answer: it wants a ticket.
        assert (refused.status, refused.getheader("content-type")) == (
            401,
            "application/problem+json",
        )
