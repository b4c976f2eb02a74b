"""No cache may keep private answers, and negotiated answers have Vary."""

from collections.abc import Iterator

import pytest
import requests

from tests.faults.test_slow_and_large_bodies import PAGES
from tests.service import Service

PUBLIC = ("/api/v1/schema/", "/static/analytics/tracker.js")
METHODS = ("get", "post", "patch", "delete", "options")


@pytest.fixture(scope="module")
def answers(service: Service) -> list[requests.Response]:
    """The good and bad answers of every call in the description, and of every page."""
    me = service.log_on()
    bearer = {"Authorization": f"Bearer {me['write_token']}"}
    return [
        requests.request(method, url, headers=headers, timeout=30, allow_redirects=False)
        for url in addresses(service, me["instance_id"])
        for method in METHODS
        for headers in (bearer, {}, {**bearer, "Accept": "image/png"})
    ]


def addresses(service: Service, instance: str) -> Iterator[str]:
    paths = requests.get(f"{service.url}/api/v1/schema/?format=json", timeout=30).json()["paths"]
    key = "2026-11-23T12:00:00.000125Z,17"
    for path in (*paths, *PAGES, "/api/v1/nothing/", f"/browsers/{instance}/", "/api/v1/docs/"):
        yield service.url + path.replace("{instance_id}", instance).replace("{key}", key)


def test_private_answers_are_kept_by_no_cache(answers: list[requests.Response]) -> None:
    assert {answer.status_code for answer in answers} >= {200, 201, 400, 401, 404, 405, 406}
    for answer in answers:
        asked = f"{answer.request.method} {answer.url} {answer.status_code}"
        assert "no-store" in answer.headers.get("Cache-Control", ""), asked
        if "/api/" in answer.url:
            assert "Accept" in answer.headers.get("Vary", ""), asked


@pytest.mark.parametrize("path", PUBLIC)
def test_public_answers_may_be_kept(service: Service, path: str) -> None:
    answer = requests.get(service.url + path, timeout=30)
    assert "public" in answer.headers["Cache-Control"]
