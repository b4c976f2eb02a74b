"""Staff share an instance and make keys on the pages; a reader without a login opens the link."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import CDN, answer_as_cdn
from tests.pointer import Pointer
from tests.service import Service
from tests.sharing import share
from tests.staff import PASSWORD, add_statuses
from tests.test_accessibility import violations
from tests.trials import Seen, add_people, add_trials
from tests.visiting import page_id, stay


@pytest.fixture
def page(staff: BrowserContext) -> Iterator[Page]:
    page = staff.new_page()
    yield page
    page.close()


@pytest.fixture
def reader(staff: BrowserContext) -> Iterator[Page]:
    """A page of somebody without a login."""
    context = staff.browser.new_context()
    context.route(CDN, answer_as_cdn)
    yield context.new_page()
    context.close()


@pytest.fixture
def pointer(service: Service) -> Pointer:
    pointer = Pointer(service)
    add_statuses(service, pointer.instance_id, dict.fromkeys(range(60, 120), 700.0))
    return pointer


def make_link(page: Page, service: Service, pointer: Pointer, query: str = "") -> str:
    """Make a link on the instance's page, by keyboard."""
    page.goto(f"{service.url}/browsers/{pointer.instance_id}/{query}")
    expect(page.get_by_role("button", name="Share…")).to_be_enabled()
    page.get_by_role("button", name="Share…").press("Enter")
    page.get_by_label("The link is valid for").select_option("1 day")
    expect(page.locator("[data-share-end]")).to_have_text(re.compile("^until .*[0-9]"))
    page.get_by_role("button", name="Make a link").press("Enter")
    expect(page.get_by_label("The link", exact=True)).to_be_focused()
    return page.get_by_label("The link", exact=True).input_value()


def test_a_reader_sees_what_was_shared_until_it_is_revoked_and_then_a_way_back(
    service: Service, page: Page, reader: Page, pointer: Pointer
) -> None:
    link = make_link(page, service, pointer, "?range=15m")
    address, _, ticket = link.partition("#share=")
    referers = []
    reader.on("request", lambda request: referers.append(request.headers.get("referer", "")))
    reader.goto(link)
    expect(reader.locator("[data-connection=stored][data-charts=ready]")).to_be_visible()
    assert reader.url.startswith(address)
    assert "#" not in reader.url
    expect(reader.get_by_text("Shared with you to read, until")).to_be_visible()
    expect(reader.locator("[data-tile=distance]")).to_have_attribute("value", "42000")
    for name in ("Instances", "Access", "Admin"):
        expect(reader.get_by_role("link", name=name, exact=True)).to_have_count(0)
    expect(reader.get_by_role("button", name="Share…")).to_have_count(0)
    with reader.expect_download() as download:
        reader.get_by_role("link", name="Statuses as CSV").click()
    assert download.value.path().read_text().count("\n") > 1
    # Live as well, until it is revoked.
    reader.get_by_role("link", name="2 min", exact=True).click()
    expect(reader.locator("[data-connection-name]")).to_have_text("Live")
    pointer.send(0, 1)
    expect(reader.locator("[data-tile=events]")).not_to_have_attribute("value", "")
    page.goto(f"{service.url}/access/")
    page.get_by_role("button", name=f"Revoke the link of {pointer.instance_id[:8]}").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("revoked", exact=False).first).to_be_visible()
    expect(reader.locator("[data-panel=ended]")).to_be_visible(timeout=15_000)
    reader.goto("about:blank")
    reader.goto(link)
    ended = reader.locator("[data-panel=ended]")
    expect(ended.get_by_role("heading", name="is not shared any more")).to_be_visible()
    ended.get_by_role("link", name="Log in").click()
    reader.get_by_label("Name").fill("ann")
    reader.get_by_label("Password").fill(PASSWORD)
    reader.get_by_role("button", name="Log in").click()
    expect(reader.locator("[data-connection=stored]").first).to_be_visible()
    assert reader.url.startswith(address)
    assert ticket not in service.log("web")
    assert not [one for one in referers if "share" in one]


def test_a_map_is_shared_until_it_is_revoked(service: Service, page: Page, reader: Page) -> None:
    stay(service, "/shared", [(200, 200, 3.0)], label="participant 7")
    other = stay(service, "/other", [(200, 200, 3.0)])
    name = f"/pages/{page_id(service, '/shared')}/"
    page.goto(f"{service.url}{name}?smoothing=8&label=part")
    expect(page.get_by_role("button", name="Share…")).to_be_enabled()
    page.get_by_role("button", name="Share…").press("Enter")
    page.get_by_role("button", name="Make a link").press("Enter")
    expect(page.get_by_label("The link", exact=True)).to_be_focused()
    link = page.get_by_label("The link", exact=True).input_value()
    reader.goto(link)
    expect(reader.locator("[data-map][data-state=shown]")).to_be_visible()
    assert "#" not in reader.url
    expect(reader.get_by_text("Shared with you to read, until")).to_be_visible()
    expect(reader.locator("[data-side=a] [data-summary]")).to_contain_text("1 instance")
    expect(reader.locator("[data-smoothing-words]")).to_have_text("8 px")
    expect(reader.get_by_label("Label begins with")).to_be_hidden()
    for name_of_staff in ("Instances", "Access"):
        expect(reader.get_by_role("link", name=name_of_staff, exact=True)).to_have_count(0)
    expect(reader.get_by_role("button", name="Share…")).to_have_count(0)
    assert reader.request.get(f"{service.url}/api/v1/browsers/{other}/").status == 401
    reader.goto(f"{service.url}/pages/{page_id(service, '/other')}/")
    expect(reader.get_by_role("heading", name="Log in to see this map")).to_be_visible()
    assert violations(reader) == []
    page.goto(f"{service.url}/access/")
    page.get_by_role("button", name="Revoke the link of /shared").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row").filter(has_text="/shared")).to_contain_text("revoked")
    reader.goto(f"{service.url}{name}")
    expect(reader.get_by_role("heading", name="Log in to see this map")).to_be_visible()
    reader.goto("about:blank")
    reader.goto(link)
    expect(reader.get_by_role("heading", name="This map is not shared any more")).to_be_visible()
    assert violations(reader) == []


def test_a_study_is_shared_as_it_is_filtered_until_the_link_is_revoked(
    service: Service, page: Page, reader: Page
) -> None:
    seen = Seen("50% & more", people=3, each=4)
    add_people(service, seen.people)
    add_trials(service, seen)
    page.goto(f"{service.url}/study/?study=50%25+%26+more&exclude=wrong")
    expect(page.locator("main")).to_have_attribute("data-state", "live")
    page.get_by_role("button", name="Share…").press("Enter")
    assert violations(page) == []
    page.get_by_role("button", name="Make a link").press("Enter")
    expect(page.get_by_label("The link", exact=True)).to_be_focused()
    link = page.get_by_label("The link", exact=True).input_value()
    reader.goto(link)
    expect(reader.locator("main")).to_have_attribute("data-state", "live")
    assert reader.url == f"{service.url}/study/?study=50%25+%26+more&exclude=wrong"
    expect(reader.get_by_role("heading", level=1)).to_have_text("50% & more")
    expect(reader.locator("[data-people] tr")).to_have_count(3)
    expect(reader.locator("main a")).to_have_count(0)
    assert violations(reader) == []
    page.get_by_role("button", name="Revoke it").press("Enter")
    expect(page.get_by_text("The link is revoked.")).to_be_visible()
    expect(reader.locator("[data-study-state]")).to_have_text(
        "This study is not shared any more.", timeout=15_000
    )
    reader.goto(link)
    expect(reader.get_by_role("heading", name="This study is not shared any more")).to_be_visible()
    assert violations(reader) == []


def test_a_link_that_is_not_whole_says_so(service: Service, reader: Page) -> None:
    link = share(service, service.log_on())["url"]
    reader.goto(link[:-1])
    unknown = reader.locator("[data-panel=unknown]")
    expect(unknown.get_by_role("heading", name="This link opens nothing")).to_be_visible()
    expect(unknown.get_by_role("link", name="Log in")).to_be_visible()
    expect(reader.locator(".board")).to_be_hidden()


def test_a_link_is_opened_once_the_service_answers(service: Service, reader: Page) -> None:
    link = share(service, service.log_on())["url"]
    reader.route("**/shared/", lambda route: route.abort())
    reader.goto(link)
    expect(reader.locator("[data-connection-name]")).to_have_text("Offline")
    assert reader.url == link
    reader.unroute("**/shared/")
    reader.reload()
    expect(reader.locator("[data-connection-name]")).to_have_text("Live")


def test_a_made_link_is_copied_and_taken_back(
    service: Service, page: Page, reader: Page, pointer: Pointer
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = make_link(page, service, pointer)
    page.get_by_role("button", name="Copy", exact=True).press("Enter")
    expect(page.get_by_role("status").get_by_text("Copied")).to_be_attached()
    assert page.evaluate("navigator.clipboard.readText()") == link
    page.get_by_role("button", name="Revoke it").press("Enter")
    expect(page.get_by_text("The link is revoked.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    reader.goto(link)
    expect(reader.locator("[data-panel=ended]")).to_be_visible()


def test_a_key_is_made_copied_kept_and_revoked_by_keyboard(service: Service, page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{service.url}/access/")
    page.get_by_label("Name").press_sequentially("R script")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The key R script is made")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    text = page.evaluate("navigator.clipboard.readText()")
    headers = {"Authorization": f"Bearer {text}"}
    path = f"{service.url}/api/v1/browsers/?limit=1"
    assert page.request.get(path, headers=headers).status == 200
    revoke = page.get_by_role("button", name="Revoke R script")
    for key, status in (("Escape", 200), ("Enter", 200), ("Tab", 401)):
        revoke.press("Enter")
        expect(page.get_by_role("dialog").get_by_role("button", name="Keep it")).to_be_focused()
        if key == "Tab":
            page.keyboard.press("Shift+Tab")
            page.keyboard.press("Enter")
            expect(revoke).to_have_count(0)
        else:
            page.keyboard.press(key)
            expect(revoke).to_be_focused()
        assert page.request.get(path, headers=headers).status == status
