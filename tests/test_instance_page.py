"""Beside an instance's charts: its path, its research measures, and its erasure."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.patience import wait_until
from tests.service import Service
from tests.staff import OpenStaffPage
from tests.test_accessibility import violations
from tests.test_playback import Recording, drawn, expect_ready, open_page, recording

__all__ = ["open_page", "recording"]

# Whether there is a line: the frame is grey, and lines have the colours of speed.
INK = """canvas => canvas.getContext("2d")
  .getImageData(0, 0, canvas.width, canvas.height).data
  .some((red, i, data) => i % 4 === 0 && data[i + 3] > 99 && Math.abs(red - data[i + 2]) > 60)"""


def charts(recording: Recording) -> str:
    return recording.path().replace("/path/", "/")


def expect_charts(page: Page) -> None:
    expect(page.locator("[data-charts=ready][data-connection=stored]")).to_be_visible()


def query_of(page: Page) -> dict[str, str]:
    return {name: words[0] for name, words in parse_qs(urlsplit(page.url).query).items()}


def test_the_path_of_the_shown_range_is_drawn_and_plays_at_a_click(
    open_page: OpenStaffPage, recording: Recording
) -> None:
    page = open_page(charts(recording))
    expect_charts(page)
    expect(page.locator("[data-still-said]")).to_have_text("9 samples, in the window")
    wait_until(lambda: page.locator("[data-still] canvas").evaluate(INK))
    page.get_by_role("link", name="The path of this range, drawn; play it").click()
    expect_ready(page)
    shown = query_of(page)
    assert [shown["since"], shown["until"]] == [
        text.replace("000000Z", "000Z") for text in (recording.at(-5), recording.at(20))
    ]
    assert drawn(page)


def test_a_read_out_leads_to_its_time_in_the_path(
    service: Service, open_page: OpenStaffPage, recording: Recording
) -> None:
    wait_until(service.is_rolled_up)
    page = open_page(charts(recording))
    expect_charts(page)
    link = page.locator("[data-play-from]")
    expect(link).to_be_hidden()
    plot = page.get_by_role("slider", name="Velocity of one bucket")
    plot.focus()
    # The mark lies in the second of the entry.
    plot.press("Shift+ArrowLeft")
    expect(link).to_be_visible()
    plot.press("Enter")
    expect_ready(page)
    # The path writes the time of its sample, some moments after it was opened at that of the chart.
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query)["at"] == [recording.at(10)])
    expect(page.locator("[data-fact=position]")).to_have_text("900, 100 px")


def test_the_measures_of_the_range_are_those_of_the_api(
    service: Service, open_page: OpenStaffPage, recording: Recording
) -> None:
    page = open_page(charts(recording))
    expect_charts(page)
    page.locator("[data-measures] summary").click()
    expect(page.locator("[data-measure=events]")).to_have_text("9")
    found = page.locator("[data-measure]").evaluate_all(
        "cells => Object.fromEntries(cells.map(({ dataset: { measure, value } }) =>"
        " [measure, value === '' ? null : Number(value)]))"
    )
    answer = requests.get(
        f"{service.url}/api/v1/browsers/{recording.me['instance_id']}/measures/",
        params={"since": recording.at(-5), "until": recording.at(20)},
        headers={"Authorization": f"Bearer {recording.me['write_token']}"},
        timeout=10,
    ).json()
    assert found == answer["measures"]
    shown = {
        name: page.locator(f"[data-measure={name}]").inner_text() for name in ("pauses", "net_x")
    }
    assert shown == {"pauses": "1", "net_x": "900"}
    assert violations(page) == []


def test_an_instance_is_erased_after_a_question(service: Service, open_page: OpenStaffPage) -> None:
    me = service.log_on()
    address = f"{service.url}/api/v1/browsers/{me['instance_id']}/"
    headers = {"Authorization": f"Bearer {me['write_token']}"}
    page = open_page(f"/browsers/{me['instance_id']}/")
    page.get_by_role("button", name="Erase…").click()
    expect(page.get_by_role("heading", name=f"Erase {me['instance_id'][:8]}?")).to_be_visible()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert requests.get(address, headers=headers, timeout=10).status_code == 200
    page.get_by_role("button", name="Erase…").click()
    page.get_by_role("button", name="Erase it").click()
    page.wait_for_url("**/browsers/")
    assert requests.get(address, headers=headers, timeout=10).status_code == 404


@pytest.mark.parametrize("width", [360, 2560])
def test_it_fits(open_page: OpenStaffPage, recording: Recording, width: int) -> None:
    page = open_page(charts(recording))
    page.set_viewport_size({"width": width, "height": 900})
    expect_charts(page)
    page.locator("[data-measures] summary").click()
    expect(page.locator("[data-measure=events]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
