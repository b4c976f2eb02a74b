"""Staff find instances in the list, and see them by their names."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.service import Service
from tests.staff import OpenStaffPage
from tests.test_accessibility import violations

LABELS = ("participant 7", "Participant 71", "", "kiosk hall 2", "משתתף 7", "x" * 100)
ADD = """
insert into dashboard_browser
    (instance_id, is_active, logged_on_at, logged_off_at, token_version, label, site)
select gen_random_uuid(), n %% 2 = 0, now() - n * interval '1 hour',
       case when n %% 2 = 1 then now() - n * interval '50 minutes' end, 1, label, site
from unnest(%s::text[], %s::text[]) with ordinality as one (label, site, n)
"""
VISIT = """
with page as (
    insert into dashboard_page (site, name) values ('shop.example', '/pricing')
    on conflict (site, name) do update set name = excluded.name returning id
)
insert into dashboard_pagevisit (first_at, last_at, browser_id, page_id)
select now(), now(), browser.id, page.id from dashboard_browser browser, page
where label in ('participant 7', '')
"""
SCENE = """
insert into analytics_pointerscene (time, browser_id, viewport_width, viewport_height,
    document_width, document_height, scroll_x, scroll_y, pixel_ratio, seq, pointer)
select now(), id, 1280, 720, 1280, 5200, 0, 0, 2, 0, 'touch' from dashboard_browser
where label = 'participant 7'
"""

SHOWN = "[...document.querySelectorAll('[data-instance]')].map(row => row.dataset.instance)"


@pytest.fixture(autouse=True, scope="module")
def instances(service: Service, staff: BrowserContext) -> None:
    for table in ("pointerstatus", "sharelink", "browser", "pagevisit"):
        service.sql(f"delete from dashboard_{table}")
    sites = ["shop.example" if label != "kiosk hall 2" else "docs.example" for label in LABELS]
    service.sql(ADD, (list(LABELS), sites))
    # Those that never logged off are gone, as the job would find within a minute.
    service.sql("update dashboard_browser set away_since = now() where is_active")
    service.sql(VISIT)
    service.sql(SCENE)
    service.sql("update auth_user set is_superuser = true where username = 'ann'")


def expect_found(page: Page, *labels: str) -> None:
    """Expect these instances and no others, by the beginnings of their labels."""
    expect(page.locator("[data-instance]")).to_have_count(len(labels))
    shown = page.locator("[data-instance] th a").all_text_contents()
    assert sorted(text[:14] for text in shown) == sorted(label[:14] for label in labels)


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_a_row_has_the_name_before_the_id_and_where_it_was(open_page: OpenStaffPage) -> None:
    page = open_page("/browsers/?label=participant")
    row = page.locator("[data-instance]")
    expect(row).to_have_count(1)
    identity = row.get_attribute("data-instance")
    expect(row.locator("th a")).to_have_text("participant 7")
    expect(row.locator(".list-id")).to_have_text(identity[:8])
    cells = {name: row.locator(f"[data-name={name}]") for name in ("place", "pointer", "lasted")}
    expect(cells["place"]).to_have_text("shop.example · /pricing")
    expect(cells["pointer"]).to_have_text("Touch")
    expect(cells["lasted"]).to_have_text("10 min")


def test_without_a_label_the_short_id_is_the_name(open_page: OpenStaffPage) -> None:
    page = open_page("/browsers/?q=pricing")
    expect(page.locator("[data-instance]")).to_have_count(2)
    row = page.locator("[data-instance]", has=page.locator(".list-unlabelled"))
    expect(row.locator("th a")).to_have_text(row.get_attribute("data-instance")[:8])
    expect(row.locator(".list-id")).to_have_text("")


def test_filters_by_mouse_are_in_the_address_and_go_back(open_page: OpenStaffPage) -> None:
    page = open_page("/browsers/")
    expect(page.locator("[data-instance]")).to_have_count(6)
    page.get_by_label("State").select_option("Logged off")
    expect(page.locator("[data-totals]")).to_have_text("3 of 6 instances match")
    page.get_by_label("Site").fill("docs.example")
    page.get_by_label("Site").blur()
    expect(page.get_by_text("No instance matches")).to_be_visible()
    assert query(page) == {"state": ["off"], "site": ["docs.example"]}
    page.go_back()
    expect(page.locator("[data-instance]")).to_have_count(3)
    expect(page.get_by_label("Site")).to_have_value("")
    page.go_back()
    expect(page.locator("[data-instance]")).to_have_count(6)
    page.go_forward()
    expect(page.get_by_label("State")).to_have_value("off")
    page.reload()
    expect(page.locator("[data-instance]")).to_have_count(3)
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator("[data-instance]")).to_have_count(6)
    assert query(page) == {}


def test_a_search_by_keyboard_is_one_step_back_and_keeps_the_focus(
    open_page: OpenStaffPage,
) -> None:
    page = open_page("/browsers/")
    expect(page.locator("[data-instance]")).to_have_count(6)
    page.get_by_role("searchbox", name="Search").focus()
    page.keyboard.type("PARTICIPANT", delay=60)
    expect_found(page, "participant 7", "Participant 71")
    page.keyboard.type(" 71", delay=400)
    expect_found(page, "Participant 71")
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()
    assert query(page) == {"q": ["PARTICIPANT 71"]}
    page.go_back()
    expect(page.locator("[data-instance]")).to_have_count(6)


def test_an_order_is_chosen_by_keyboard_and_filters_keep_it(open_page: OpenStaffPage) -> None:
    page = open_page("/browsers/")
    names = page.locator("[data-instance] th a")
    expect(names).to_have_count(6)
    page.get_by_label("Sort by").focus()
    page.keyboard.type("Lab")
    labelled = ["kiosk hall 2", "participant 7", "Participant 71", "x" * 100, "משתתף 7"]
    expect(names.first).to_have_text(labelled[0])
    assert names.all_text_contents()[:-1] == labelled
    expect(page.locator("[data-totals]")).to_have_text("6 instances, 0 here now")
    page.get_by_label("State").select_option("Logged off")
    expect(names).to_have_count(3)
    assert names.all_text_contents()[:-1] == [labelled[1], labelled[4]]
    assert query(page) == {"sort": ["label"], "state": ["off"]}
    page.get_by_role("button", name="Clear filters").click()
    expect(names).to_have_count(6)
    assert query(page) == {}


def test_a_search_that_finds_nothing_can_be_cleared_by_keyboard(open_page: OpenStaffPage) -> None:
    page = open_page("/browsers/?q=nothing+like+this")
    expect(page.get_by_text("No instance matches")).to_be_visible()
    expect(page.get_by_text("No instance yet")).to_be_hidden()
    assert violations(page) == []
    page.locator("[data-clear-all]").press("Enter")
    expect(page.locator("[data-instance]")).to_have_count(6)
    expect(page.get_by_role("searchbox", name="Search")).to_be_focused()


def test_a_custom_time_is_in_the_address_as_a_moment(open_page: OpenStaffPage) -> None:
    page = open_page("/browsers/")
    page.get_by_label("Time").select_option("Last hour")
    expect(page.locator("[data-totals]")).to_have_text("1 of 6 instances match")
    assert query(page) == {"time": ["1h"]}
    page.get_by_label("Time").select_option("Custom")
    page.get_by_label("Until").fill("2020-01-01T00:00:01")
    page.get_by_label("Until").blur()
    expect(page.get_by_text("No instance matches")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Time")).to_have_value("custom")
    expect(page.get_by_label("Until")).to_have_value("2020-01-01T00:00:01")


def test_a_filter_that_cannot_be_read_says_so_and_can_be_cleared(open_page: OpenStaffPage) -> None:
    page = open_page("/browsers/?state=asleep")
    expect(page.locator("[data-list-state]")).to_contain_text("Clear the filters.")
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator("[data-instance]")).to_have_count(6)
    expect(page.locator("[data-list-state]")).to_have_text("")


def test_new_ones_count_only_if_they_match(service: Service, open_page: OpenStaffPage) -> None:
    page = open_page("/browsers/?label=late")
    expect(page.get_by_text("No instance matches")).to_be_visible()
    page.get_by_label("Label begins with").fill("kiosk")
    expect_found(page, "kiosk hall 2")
    service.sql(ADD, (["late", "kiosk hall 3"], ["docs.example", "docs.example"]))
    new = page.locator("[data-new]")
    expect(new).to_have_text("1 new")
    new.click()
    expect_found(page, "kiosk hall 2", "kiosk hall 3")
    service.sql("delete from dashboard_browser where label in ('late', 'kiosk hall 3')")


def test_pages_of_the_list_keep_the_filters(service: Service, open_page: OpenStaffPage) -> None:
    service.sql(ADD, (["many"] * 60, ["docs.example"] * 60))
    page = open_page("/browsers/?label=many&site=docs.example")
    expect(page.locator("[data-place]")).to_have_text("1 to 50 of 60")
    first = set(page.evaluate(SHOWN))
    page.get_by_role("link", name="Next page").click()
    expect(page.locator("[data-place]")).to_have_text("51 to 60 of 60")
    second = set(page.evaluate(SHOWN))
    assert len(first | second) == 60
    page.get_by_role("link", name="First page").click()
    expect(page.locator("[data-place]")).to_have_text("1 to 50 of 60")
    assert query(page) == {"label": ["many"], "site": ["docs.example"]}
    service.sql("delete from dashboard_browser where label = 'many'")


@pytest.mark.parametrize("width", [360, 1400])
def test_the_list_with_filters_is_accessible_and_has_no_overflow(
    open_page: OpenStaffPage, width: int
) -> None:
    page = open_page("/browsers/?q=7")
    page.set_viewport_size({"width": width, "height": 800})
    if width < 700:
        page.get_by_role("button", name="Filters", exact=True).click()
    expect(page.get_by_label("State")).to_be_visible()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_page_of_an_instance_has_its_name_and_takes_another(
    service: Service, open_page: OpenStaffPage
) -> None:
    ((identity,),) = service.sql(
        "select instance_id from dashboard_browser where label = 'participant 7'"
    )
    page = open_page(f"/browsers/{identity}/?range=1h")
    expect(page).to_have_title("participant 7 · Pointerscope")
    facts = page.locator(".instance-facts")
    expect(facts).to_contain_text("shop.example · /pricing")
    expect(facts).to_contain_text("Touch")
    expect(facts).to_contain_text("1280 \u00d7 720 px")
    page.get_by_role("button", name="Change the label").press("Enter")
    field = page.get_by_role("textbox", name="Label")
    expect(field).to_be_focused()
    field.fill("")
    field.press("Enter")
    unlabelled = f"shop.example · /pricing · {str(identity)[:8]}"
    expect(page.locator("h1")).to_have_text(unlabelled)
    expect(page).to_have_title(f"{unlabelled} · Pointerscope")
    page.get_by_role("button", name="Add a label").click()
    page.get_by_role("textbox", name="Label").fill("participant 7")
    page.get_by_role("textbox", name="Label").press("Escape")
    expect(page.locator("h1")).to_have_text(unlabelled)
    page.get_by_role("button", name="Add a label").click()
    page.get_by_role("textbox", name="Label").fill("participant 7")
    assert violations(page) == []
    page.get_by_role("button", name="Save").click()
    expect(page).to_have_title("participant 7 · Pointerscope")
    page.reload()
    expect(page.locator("h1")).to_have_text("participant 7")


def test_who_may_not_change_it_sees_no_way_to_label(
    service: Service, open_page: OpenStaffPage
) -> None:
    ((identity,),) = service.sql(
        "select instance_id from dashboard_browser where label = 'kiosk hall 2'"
    )
    page = open_page("/browsers/")
    service.sql("update auth_user set is_superuser = false where username = 'ann'")
    page.goto(f"{service.url}/browsers/{identity}/?range=1h")
    expect(page.locator("h1")).to_have_text("kiosk hall 2")
    expect(page.get_by_role("button", name="Change the label")).to_have_count(0)
