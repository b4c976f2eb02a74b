"""Swagger UI and ReDoc in a real Chromium: they work, from our own files alone."""

from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, expect

from tests.service import Service

VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
    console.error("forbidden", event.effectiveDirective, event.blockedURI));
"""

OpenPage = Callable[[str], Page]


@pytest.fixture
def complaints() -> list[str]:
    """Requests to other hosts, and errors in the page's console."""
    return []


@pytest.fixture
def open_page(service: Service, chromium: Browser, complaints: list[str]) -> Iterator[OpenPage]:
    context = chromium.new_context(viewport={"width": 1300, "height": 900})

    def keep_here(route: Route) -> None:
        if urlsplit(route.request.url).netloc in ("", f"127.0.0.1:{service.port}"):
            route.continue_()
        else:
            complaints.append(route.request.url)
            route.abort()

    def listen(line: ConsoleMessage) -> None:
        if line.type in ("error", "warning"):
            complaints.append(line.text)

    def open_page(path: str) -> Page:
        page = context.new_page()
        page.add_init_script(VIOLATIONS)
        page.route("**/*", keep_here)
        page.on("console", listen)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(service.url + path)
        return page

    yield open_page
    context.close()


def test_swagger_ui_makes_a_call_and_needs_no_other_host(
    open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page("/api/v1/docs/")
    page.get_by_role("button", name="POST /api/v1/browsers/ Log on").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    answer = page.locator(".live-responses-table")
    expect(answer.locator(".response-col_status").last).to_contain_text("201")
    expect(answer).to_contain_text("write_token")
    assert complaints == []


def test_redoc_shows_and_finds_the_calls_and_needs_no_other_host(
    open_page: OpenPage, complaints: list[str]
) -> None:
    page = open_page("/api/v1/redoc/")
    # It reads the whole description first, which takes its time on a busy machine.
    expect(page.get_by_role("heading", name="Send a batch")).to_be_visible(timeout=20_000)
    page.get_by_placeholder("Search").fill("erase")
    expect(page.get_by_role("menuitem", name="Erase an instance").last).to_be_visible()
    assert complaints == []


@pytest.mark.parametrize("path", ["/api/v1/docs/", "/api/v1/redoc/"])
def test_the_policy_of_the_reference_allows_only_our_files(
    service: Service, open_page: OpenPage, complaints: list[str], path: str
) -> None:
    page = open_page(path)
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.injected = 1";
        document.body.append(script);
    }""")
    assert page.evaluate("window.injected") is None
    assert any(line.startswith("forbidden script-src") for line in complaints)
