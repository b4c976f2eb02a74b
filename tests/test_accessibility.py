"""Every page in both themes under axe, and two checks that axe lacks: lines and live regions."""

from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser import CDN, answer_as_cdn, sweep
from tests.service import ROOT, Service
from tests.staff import add_statuses, log_in

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
THEMES = ("light", "dark")
# The markup of Swagger UI and ReDoc is not ours; the document around it is, and their colours are.
RUN_AXE = """async () => {
  const isOurs = ({ element }) => !element.closest("#swagger-ui > *, #redoc > *");
  const { violations } = await axe.run({ elementRef: true });
  return violations.flatMap(({ id, nodes }) =>
    nodes.filter(isOurs).map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}"""
# What the markup of Swagger UI and ReDoc breaks.
THEIRS = [
    "heading-order",
    "label",
    "landmark-unique",
    "nested-interactive",
    "region",
    "select-name",
]
RUN_ALL = """async (theirs) => {
  const rules = Object.fromEntries(theirs.map((rule) => [rule, { enabled: false }]));
  const { violations } = await axe.run({ rules });
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary}`));
}"""

SERIES = ("average", "peak", "distance", "net-x", "net-y", "mark")
MARKS = """
insert into analytics_pointermark (time, browser_id, seq, name, data)
select now() - n * interval '1 minute', id, n, 'start', '{"trial": 1}'
from dashboard_browser, generate_series(1, 5) n where instance_id = %s
"""
# The contrast of each colour with its background (WCAG 2.2, "contrast ratio").
CONTRASTS = """(names) => {
  const probe = document.body.appendChild(document.createElement("i"));
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (name) => {
    probe.attributeStyleMap.set("color", `var(--${name})`);
    context.fillStyle = getComputedStyle(probe).color;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((byte) => {
      const part = byte / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = luminance("surface");
  return names.map((name) => {
    const [low, high] = [ground, luminance(name)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  });
}"""
# A screen reader speaks changes in live regions, and changes of the focused value.
LISTEN = """
window.spoken = [];
const LOUD = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log], output";
addEventListener("DOMContentLoaded", () => {
  const note = (changes) => {
    for (const { target, type, attributeName } of changes) {
      const element = target.closest ? target : target.parentElement;
      if (type !== "attributes" && element?.closest(LOUD)) spoken.push(element.textContent);
      if (attributeName && element === document.activeElement)
        spoken.push(`${attributeName} ${element.getAttribute(attributeName)}`);
    }
  };
  const attributeFilter = ["aria-valuetext", "aria-valuenow", "aria-pressed", "aria-label"];
  new MutationObserver(note).observe(document.body,
    { childList: true, characterData: true, subtree: true, attributes: true, attributeFilter });
});
"""


@pytest.fixture
def visitor(staff: BrowserContext) -> Iterator[BrowserContext]:
    """A visitor without a login, in the same Chromium."""
    context = staff.browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


def violations(page: Page, *, themes: Sequence[str] = THEMES) -> list[str]:
    """Return axe's findings in these themes, by rule and element."""
    # Through the debugger, to which our policy does not apply.
    page.evaluate(f"{AXE.read_text()}; 0")
    found = []
    for theme in themes:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += [f"{theme}, {line}" for line in page.evaluate(RUN_AXE)]
    return found


def test_your_own_pointers_page(service: Service, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.route(CDN, answer_as_cdn)
    page.goto(service.url)
    expect(page.locator("[data-live][data-charts=ready][data-connection=live]")).to_be_visible()
    assert violations(page) == [], "before anything has moved"
    sweep(page, (300, 200), (900, 500), 1)
    expect(page.locator("[data-empty]")).to_have_count(0)
    for table in page.locator(".values summary").all():
        table.click()
    page.locator(".term").first.focus()
    assert violations(page) == []


@pytest.mark.parametrize("panel", ["denied", "ended", "unknown", "missing", "refused", "unasked"])
def test_a_state_that_takes_the_page(service: Service, visitor: BrowserContext, panel: str) -> None:
    page = visitor.new_page()
    page.goto(f"{service.url}/browsers/{service.log_on()['instance_id']}/")
    expect(page.locator("[data-panel=denied]")).to_be_visible()
    page.evaluate(f"document.querySelector('[data-live]').dataset.connection = '{panel}'")
    expect(page.locator(f"[data-panel={panel}]")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize(
    "path", ["/login/", "/nothing/", f"/browsers/{UUID(int=0)}/", "/api/v1/docs/", "/api/v1/redoc/"]
)
def test_a_page_for_everybody(service: Service, visitor: BrowserContext, path: str) -> None:
    page = visitor.new_page()
    # ReDoc loads itself anew where the theme changes.
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.goto(service.url + path)
        expect(page.locator("main :is(h1, h2, h3)").first).to_be_visible()
        assert violations(page, themes=[theme]) == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_of_swagger_ui(service: Service, visitor: BrowserContext, theme: str) -> None:
    page = visitor.new_page()
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(f"{service.url}/api/v1/docs/")
    for method in ("get", "post", "patch", "delete"):
        call = page.locator(f".opblock-{method}").first
        call.locator(".opblock-summary-control").click()
        call.get_by_role("button", name="Try it out").click()
        expect(call.get_by_role("button", name="Execute")).to_be_visible()
    page.evaluate(f"{AXE.read_text()}; 0")
    assert page.evaluate(RUN_ALL, THEIRS) == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_colour_of_redoc(service: Service, visitor: BrowserContext, theme: str) -> None:
    page = visitor.new_page()
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(f"{service.url}/api/v1/redoc/")
    expect(page.get_by_role("heading", name="Send a batch")).to_be_visible(timeout=20_000)
    page.evaluate(f"{AXE.read_text()}; 0")
    assert page.evaluate(RUN_ALL, THEIRS) == []


def test_a_login_that_fails_and_one_that_is_locked_out(
    service: Service, visitor: BrowserContext
) -> None:
    page = visitor.new_page()
    log_in(page, service, "wrong", name="nobody")
    expect(page.get_by_role("alert")).to_be_visible()
    assert violations(page) == []
    for _ in range(5):
        log_in(page, service, "wrong", name="nobody")
    expect(page.get_by_role("heading", name="Too many wrong passwords")).to_be_visible()
    assert violations(page) == []
    service.sql("delete from axes_accessattempt where username = 'nobody'")


def test_a_fault_of_the_service(service: Service, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.goto(f"{service.url}/login/")
    service.sql("alter table django_session rename to away")
    try:
        visitor.add_cookies([{"name": "sessionid", "value": "x" * 32, "url": service.url}])
        page.goto(service.url)
        expect(page.get_by_role("heading", name="Something went wrong")).to_be_visible()
        assert violations(page) == []
    finally:
        service.sql("alter table away rename to django_session")


def test_the_list_of_all_instances(service: Service, staff: BrowserContext) -> None:
    for ago in (60, 2):
        add_statuses(service, service.log_on()["instance_id"], {ago: 700.0, ago + 1: 300.0})
    page = staff.new_page()
    page.goto(f"{service.url}/browsers/")
    expect(page.locator("tbody tr [data-name=state]", has_text="Moving").first).to_be_visible()
    assert violations(page) == []
    page.close()


def test_an_instance_in_a_range(service: Service, staff: BrowserContext) -> None:
    instance = service.log_on()["instance_id"]
    add_statuses(service, instance, dict.fromkeys(range(100, 160), 700.0))
    service.sql(MARKS, (instance,))
    page = staff.new_page()
    page.goto(f"{service.url}/browsers/{instance}/?range=15m")
    expect(page.locator("[data-live][data-charts=ready][data-connection=stored]")).to_be_visible()
    page.locator("summary", has_text="Custom").click()
    page.locator("[data-marks] summary").click()
    assert violations(page) == []
    page.close()


def test_the_page_of_keys_and_links(service: Service, staff: BrowserContext) -> None:
    page = staff.new_page()
    page.goto(f"{service.url}/access/")
    expect(page.get_by_text("No key yet")).to_be_visible()
    assert violations(page) == [], "empty"
    page.get_by_label("Name").fill("notebook")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_role("heading", name="The key notebook is made")).to_be_focused()
    assert violations(page) == [], "a key"
    page.get_by_role("button", name="Revoke notebook").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == [], "a question"
    page.close()


def test_the_dialog_that_shares_an_instance(service: Service, staff: BrowserContext) -> None:
    page = staff.new_page()
    page.goto(f"{service.url}/browsers/{service.log_on()['instance_id']}/")
    page.get_by_role("button", name="Share…").click()
    assert violations(page) == [], "before"
    page.get_by_role("button", name="Make a link").click()
    expect(page.get_by_label("The link", exact=True)).to_be_focused()
    assert violations(page) == [], "after"
    page.close()


@pytest.mark.parametrize("theme", THEMES)
def test_every_series_stands_out_from_its_ground(
    service: Service, visitor: BrowserContext, theme: str
) -> None:
    page = visitor.new_page()
    page.emulate_media(color_scheme=theme)
    page.goto(f"{service.url}/login/")
    contrasts = dict(zip(SERIES, page.evaluate(CONTRASTS, SERIES), strict=True))
    assert min(contrasts.values()) >= 3, contrasts


def test_a_moving_pointer_is_not_read_aloud(service: Service, visitor: BrowserContext) -> None:
    page = visitor.new_page()
    page.add_init_script(LISTEN)
    page.route(CDN, answer_as_cdn)
    page.goto(service.url)
    expect(page.locator("[data-live][data-charts=ready][data-connection=live]")).to_be_visible()
    assert page.evaluate("spoken") == ["Live"]
    plot = page.get_by_role("slider", name="Velocity of one second")
    plot.press("ArrowLeft")
    assert len(page.evaluate("spoken.splice(0)")) > 1, "what was asked for"
    sweep(page, (300, 20), (900, 40), 2)  # In the masthead, beside the charts.
    expect(page.locator("[data-empty]")).to_have_count(0)
    page.wait_for_timeout(1000)
    assert page.evaluate("spoken") == []
