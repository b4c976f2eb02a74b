"""Schemathesis against a running service, with callers and instances that exist."""

import json
import os
import secrets
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests

from tests.service import BIN, ROOT, Service

# The limits of the wire format apply to the fuzzed service; rate limits must not hide other faults.
WITHOUT_RATES = dict.fromkeys(
    (
        *("LOG_ON_PER_MINUTE", "INSTANCES_PER_DAY_PER_ADDRESS", "INSTANCES_PER_DAY_OF_ALL"),
        *("BATCHES_PER_MINUTE", "EVENTS_PER_MINUTE", "READS_PER_MINUTE"),
    ),
    "1000000000",
)
INSTANCES = 8
STORE_TRIAL = """
insert into analytics_trial (
    browser_id, started_at, start_seq, ended_at, end_seq, state, study, trial, block, condition,
    response, targets, samples, rt, path_x, path_y
)
select id, now() - interval '2 days', 0, now() - interval '2 days' + interval '1 s', 1, 'ended',
       'fuzzed', '1', '1', 'a', 'left',
       '{"from": [0, 0, 20, 20], "to": [90, 0, 20, 20]}', 101, 1,
       array(select generate_series(0.0, 100.0)), array(select 10 from generate_series(0, 100))
from dashboard_browser where instance_id = %s returning id
"""


class Run(NamedTuple):
    """The result of a run: the count of each `METHOD path status`, and the output."""

    found_something: bool
    tally: Counter[str]
    printed: str

    def statuses(self) -> Counter[int]:
        counts: Counter[int] = Counter()
        for call, count in self.tally.items():
            counts[int(call.split()[-1])] += count
        return counts


@contextmanager
def fuzzed_service(folder: Path) -> Iterator[Service]:
    with Service(folder, **WITHOUT_RATES) as running:
        yield running


def fuzz(service: Service, *, seed: int, examples: int, show: bool) -> Run:
    """Try `examples` requests for each call, and the cases that the description implies."""
    tally = service.folder / "tally.json"
    done = subprocess.run(
        [
            BIN / "schemathesis",
            f"--config-file={ROOT / 'tests' / 'schemathesis.toml'}",
            "run",
            f"{service.url}/api/v1/schema/?format=json",
            f"--seed={seed}",
            f"--max-examples={examples}",
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.callers",
            "FUZZ_KNOWN": json.dumps(what_exists(service)),
            "FUZZ_TALLY": str(tally),
            # The order of sets affects the generation too.
            "PYTHONHASHSEED": "0",
        },
        stdout=None if show else subprocess.PIPE,
        stderr=None if show else subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Run(done.returncode != 0, Counter(json.loads(tally.read_text())), done.stdout or "")


def what_exists(service: Service) -> dict[str, Any]:
    """Create the objects of the requests: a staff login, its API key, instances, a page and a
    trial."""
    instances = [with_samples(service, service.log_on()) for _ in range(INSTANCES)]
    staff = log_in(service)
    key = {"Authorization": f"Bearer {service.make_api_key('fuzzer')}"}
    page_id = visit_page(service, instances[0])
    known = {"url": service.url, "staff": staff, "key": key, "instances": instances}
    return {**known, "page_id": page_id, "trial_id": store_trial(service, instances[0])}


def visit_page(service: Service, instance: dict[str, Any]) -> int:
    """Send a scene on a page as the instance; return the page's id."""
    sizes = {"viewport": [1280, 720], "document": [1280, 2000], "scroll": [0, 0], "pixel_ratio": 1}
    now = {"time": round(time.time() * 1000), "seq": 0}
    requests.post(
        f"{service.url}/api/v1/browsers/{instance['instance_id']}/events/",
        json={"events": [], "scenes": [{**now, **sizes, "pointer": "mouse", "page": "/fuzzed"}]},
        headers={"Authorization": f"Bearer {instance['write_token']}"},
        timeout=10,
    ).raise_for_status()
    return service.sql("select id from dashboard_page where name = '/fuzzed'")[0][0]


def store_trial(service: Service, instance: dict[str, Any]) -> int:
    """Store a trial of the instance with a path, as from marks of two days ago; return its id."""
    return service.sql(STORE_TRIAL, (instance["instance_id"],))[0][0]


def log_in(service: Service) -> dict[str, str]:
    """Return the headers of a staff member's session."""
    form = {"username": "fuzzer", "password": secrets.token_urlsafe()}
    service.create_staff(*form.values())
    session, page = requests.Session(), f"{service.url}/login/"
    session.get(page, timeout=10)
    form["csrfmiddlewaretoken"] = session.cookies["csrftoken"]
    session.post(page, data=form, timeout=10, allow_redirects=False).raise_for_status()
    cookie = "; ".join(f"{name}={value}" for name, value in session.cookies.items())
    return {"Cookie": cookie, "X-CSRFToken": session.cookies["csrftoken"]}


def with_samples(service: Service, instance: dict[str, Any]) -> dict[str, Any]:
    """Send a hundred samples as the instance; return it with the key of its first."""
    now_ms = round(time.time() * 1000)
    events = [{"time": now_ms - 100 * n, "x": n, "y": n, "seq": n} for n in range(100)]
    requests.post(
        f"{service.url}/api/v1/browsers/{instance['instance_id']}/events/",
        json={"events": events},
        headers={"Authorization": f"Bearer {instance['write_token']}"},
        timeout=10,
    ).raise_for_status()
    return {**instance, "key": f"{now_ms},0"}
