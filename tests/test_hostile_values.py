"""Hostile values are refused on every route, and forge no line of a log."""

from collections.abc import Iterator

import pytest
import requests

from tests.fuzzing import fuzzed_service
from tests.hostile import Call, Hostile, faults_of, forged_lines, quoted, send
from tests.hostile_texts import FORGED, VALUES
from tests.raw_http import Answer, exchange
from tests.service import Service

SEED = 1
CALLS = 1200
NUL_COOKIE = b'Cookie: sessionid="abc\\000defgh"'
# Request targets, their headers if they matter, and the answer's status.
LISTED: dict[str, tuple[str, list[bytes], int]] = {
    "NUL in a session's cookie, a page": ("/browsers/", [NUL_COOKIE], 400),
    "NUL in a session's cookie, the API": ("/api/v1/browsers/", [NUL_COOKIE], 400),
    "NUL in a query": ("/browsers/?cursor=%00", [], 400),
    "NUL in a path": ("/browsers/%00/", [], 404),
    "NUL in a path of the admin": ("/admin/auth/user/%00/change/", [], 404),
    "a place before the calendar": (
        "/browsers/rows/?cursor=1,0001-01-01T00:00:00%2B23:59,1",
        [],
        400,
    ),
    "a place after the calendar": (
        "/browsers/rows/?cursor=1,9999-12-31T23:59:59-23:59,1",
        [],
        400,
    ),
    "a look-up of NUL": ("/admin/dashboard/browser/?instance_id__startswith=%00", [], 400),
    "a year of 30 digits": (f"/admin/axes/accessattempt/?attempt_time__year={'9' * 30}", [], 400),
    "a bad expression": ("/admin/axes/accessattempt/?username__regex=(", [], 400),
    "a range of one": ("/admin/auth/user/?last_name__range=1", [], 400),
    "no address": ("/admin/axes/accessattempt/?ip_address=//evil.example", [], 400),
    "a field that is none": ("/admin/auth/group/1/change/?_to_field=", [], 400),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A separate service, because accepted forms change it."""
    with fuzzed_service(tmp_path_factory.mktemp("hostile")) as running:
        yield running


@pytest.fixture(scope="module")
def hostile(service: Service) -> Hostile:
    return Hostile(service, SEED)


@pytest.mark.parametrize("name", LISTED)
def test_a_value_that_once_caused_an_error_is_refused(
    service: Service, hostile: Hostile, name: str
) -> None:
    target, headers, status = LISTED[name]
    own = [] if headers else [f"{n}: {value}".encode() for n, value in hostile.staff.items()]
    answer = send(service, Call("GET", target.encode(), [*own, *headers]))
    assert answer.status == status, answer
    assert_is_as_its_kind(target, answer)


def assert_is_as_its_kind(target: str, answer: Answer) -> None:
    if target.startswith(("/api/", "/browsers/rows/")):
        answer.problem()
    else:
        assert "content-type: text/html" in answer.headers
        assert b"</html>" in answer.body


def test_no_value_causes_an_error_on_any_route(service: Service, hostile: Hostile) -> None:
    assert faults_of(service, hostile.calls(CALLS)) == []
    answer = requests.get(f"{service.url}/browsers/rows/", headers=hostile.staff, timeout=10)
    assert answer.status_code == 200, "the session did not last, so most calls were nobody's"


def test_no_value_writes_a_line_of_the_log(service: Service, hostile: Hostile) -> None:
    staff = [f"{name}: {value}".encode() for name, value in hostile.staff.items()]
    line = "%0a" + FORGED.replace(" ", "%20")
    for target in (f"/nothing{line}", f"/api/{line}", f"/admin/auth/user/?is_staff__{line}=1"):
        send(service, Call("GET", target.encode(), staff))
        send(service, Call("DELETE", target.encode(), staff))
    send(service, Call("GET", f"/admin/auth/user/?date_joined__gt={line}".encode(), staff))
    log = service.log("web")
    assert log.count("ERROR forged") >= 4
    assert forged_lines(log) == []
    assert "\x1b" not in log


def test_no_ticket_and_no_path_causes_an_error_of_the_live_process(
    service: Service, hostile: Hostile
) -> None:
    stream = f"/api/v1/browsers/{hostile.instance['instance_id']}/stream/"
    for value in map(quoted, VALUES):
        for target in (f"{stream}?ticket={value}", f"{stream}{value}", f"{stream}?{value}=1"):
            answer = exchange(service.live_port, Call("GET", target.encode(), []).raw())
            assert answer.status in (401, 404), target
            assert "content-type: application/problem+json" in answer.headers
