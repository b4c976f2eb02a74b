"""Hooks of Schemathesis: they give its requests callers, instances and times that exist.

Without them nearly every request would end with 401 or 404. Choices depend only on the data that
Schemathesis generated, so that a seed repeats a run.
"""

import atexit
import json
import os
import re
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from uuid import UUID
from zlib import crc32

import requests
import schemathesis
from schemathesis import Case, HookContext
from schemathesis.core import NOT_SET

CLOCK = "/api/v1/time/"
# Of the trial that tests/fuzzing.py stores.
STUDY = "fuzzed"
LONGEST_STUDY = 1024
HOUR_MS = 3_600_000
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT")
OTHERS = ["another's token", "wrong token", "nobody"]
CALLERS = ["own token"] * 8 + ["staff"] * 3 + ["API key"] + OTHERS
CALLERS_OF_ALL = ["staff"] * 6 + ["API key", "own token", *OTHERS]
ODD_HEADERS = [
    {"Accept": "text/html"},
    {"Accept": "application/json; indent=9999999999"},
    {"Accept": "a/b;q=\xff, */*;q=0"},
    {"Accept": ",;/;,"},
    {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Type": "multipart/form-data"},
    {"Content-Type": "application/json; charset="},
    {"Content-Type": "application/json; charset=zlib"},
    {"Content-Encoding": "gzip"},
    {"X-Forwarded-For": "256.0.0.1, ::1, \xff"},
    {"Cookie": "sessionid=\xff; csrftoken=1"},
    {"X-HTTP-Method-Override": "DELETE"},
]
# The end of the calendar.
ENDS = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]
ODD_FORMATS = ["json", "csv", "ndjson", "parquet", "html", "api", "\0", "a" * 5000]


class Known(NamedTuple):
    """The instances, logins and times in the service under test, a page and a trial."""

    url: str
    page_id: int
    trial_id: int
    staff: dict[str, str]
    key: dict[str, str]
    instances: list[dict[str, str]]


def known() -> Known:
    return Known(**json.loads(os.environ["FUZZ_KNOWN"]))


@schemathesis.serializer("text/plain")
def as_beacon(context: Any, value: Any) -> bytes:
    """Write text/plain as a beacon does: the same JSON."""
    return value if isinstance(value, bytes) else json.dumps(value).encode("utf-8", "replace")


statuses: Counter[str] = Counter()


@schemathesis.hook
def after_call(context: HookContext, case: Case, response: Any) -> None:
    statuses[f"{case.method} {case.path} {response.status_code}"] += 1


@atexit.register
def write_tally() -> None:
    Path(os.environ["FUZZ_TALLY"]).write_text(json.dumps(statuses))


@schemathesis.hook
def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
    body = None if case.body is NOT_SET else case.body  # Its text contains a memory address.
    content = [case.method, case.path, case.path_parameters, case.query, body]
    chance = Random(crc32(repr(content).encode("utf-8", "replace")))
    mine, other = chance.sample(known().instances, 2)
    if case.method == "DELETE":
        # No other request uses an instance that is erased.
        mine = log_on()
    place(case, mine, chance)
    revive(case, mine, chance)
    callers = CALLERS if "instance_id" in case.path_parameters else CALLERS_OF_ALL
    call_as(chance.choice(callers), case, mine, other)
    # The clock has one request alone, and where 405 is looked for no other refusal may come first.
    if case.path != CLOCK and case.method == case.operation.method.upper():
        make_odd(case, chance)


def make_odd(case: Case, chance: Random) -> None:
    """Add headers and parameters to some calls that the description does not mention."""
    if chance.random() < 0.08:
        case.headers.update(chance.choice(ODD_HEADERS))
    if "format" not in case.query and chance.random() < 0.03:
        case.query["format"] = chance.choice(ODD_FORMATS)


def log_on() -> dict[str, str]:
    return requests.post(f"{known().url}/api/v1/browsers/", timeout=10).json()


def share(case: Case, mine: dict[str, str]) -> str:
    """Make a share link of an instance, a page or a study, which the request may revoke."""
    api, headers, wish = f"{known().url}/api/v1", known().staff, {}
    if "page_id" in case.path_parameters:
        path = f"pages/{case.path_parameters['page_id']}/shares/"
    elif "instance_id" in case.path_parameters:
        path = f"browsers/{mine['instance_id']}/shares/"
        headers = {"Authorization": f"Bearer {mine['write_token']}"}
    else:
        path, wish = "studies/shares/", {"study": STUDY}
    made = requests.post(f"{api}/{path}", json=wish, headers=headers, timeout=10)
    return made.json()["share_id"] if made.status_code == 201 else str(UUID(int=0))


def place(case: Case, mine: dict[str, str], chance: Random) -> None:
    """Point most well-formed requests at existing instances, pages, trials, studies and samples."""
    if is_uuid(case.path_parameters.get("instance_id")) and chance.random() < 0.9:
        case.path_parameters["instance_id"] = mine["instance_id"]
    if isinstance(case.path_parameters.get("page_id"), int) and chance.random() < 0.9:
        case.path_parameters["page_id"] = known().page_id
    if isinstance(case.path_parameters.get("trial_id"), int) and chance.random() < 0.9:
        case.path_parameters["trial_id"] = known().trial_id
    if "share_id" in case.path_parameters and chance.random() < 0.9:
        case.path_parameters["share_id"] = share(case, mine)
    if is_study(wish := case.body) and chance.random() < 0.9:
        wish["study"] = STUDY
    if "key" in case.path_parameters and chance.random() < 0.3:
        case.path_parameters["key"] = mine.get("key", "0,0")


def is_study(body: Any) -> bool:
    study = body.get("study") if isinstance(body, dict) else None
    return isinstance(study, str) and 0 < len(study) <= LONGEST_STUDY and "\0" not in study


def revive(case: Case, mine: dict[str, str], chance: Random) -> None:
    """Move old but valid times into the present, and make tokens valid."""
    for name in ("since", "until"):
        if is_number(case.query.get(name)) and chance.random() < 0.7:
            case.query[name] = chance.choice([recent(chance)] * 8 + ENDS)
    if not isinstance(case.body, dict):
        return
    if is_uuid(case.body.get("instance_id")) and chance.random() < 0.6:
        case.body.update(instance_id=mine["instance_id"], write_token=mine["write_token"])
    if isinstance(case.body.get("token"), str) and chance.random() < 0.5:
        case.body["token"] = mine["write_token"]
    if isinstance(events := case.body.get("events"), list) and chance.random() < 0.8:
        for event in events:
            if isinstance(event, dict) and is_time(event.get("time")):
                event["time"] = recent(chance)


def call_as(who: str, case: Case, mine: dict[str, str], other: dict[str, str]) -> None:
    case.headers.pop("Authorization", None)
    match who:
        case "own token":
            case.headers["Authorization"] = f"Bearer {mine['write_token']}"
        case "another's token":
            case.headers["Authorization"] = f"Bearer {other['write_token']}"
        case "wrong token":
            case.headers["Authorization"] = "Bearer a.1:b\xff"
        case "staff":
            case.headers.update(known().staff)
        case "API key":
            case.headers.update(known().key)


def is_uuid(value: Any) -> bool:
    try:
        return bool(UUID(value))
    except (ValueError, AttributeError, TypeError):
        return False


def is_time(value: Any) -> bool:
    return is_number(value) or (isinstance(value, str) and bool(RFC3339.match(value)))


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def recent(chance: Random) -> float:
    return time.time() * 1000 - chance.random() * HOUR_MS
