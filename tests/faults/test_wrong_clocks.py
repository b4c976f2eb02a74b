"""Samples of a clock that is too far off are refused, and create no chunk for their time."""

from random import Random

import pytest
import requests

from tests.faults.invariants import check_outbox
from tests.faults.traffic import Batch, Sender
from tests.patience import wait_until
from tests.service import Service

HOUR_US = 3600 * 1_000_000
YEAR_US = int(365.2425 * 24) * HOUR_US
CLOCKS = {
    "an hour ahead": (HOUR_US, "in_the_future"),
    "a year ahead": (YEAR_US, "in_the_future"),
    "a year behind": (-YEAR_US, "too_old"),
    "8,000 years ahead": (8000 * YEAR_US, "in_the_future"),
    "8,000 years behind": (-8000 * YEAR_US, "too_old"),
}
CHUNKS = "select hypertable_name, chunk_name from timescaledb_information.chunks order by 1, 2"


def test_sweeps_continue_after_beats_clock_was_set_back(service: Service) -> None:
    service.stop("beat")
    ahead = "now() + interval '1 day'"
    service.sql(f"update django_celery_beat_periodictask set last_run_at = {ahead}")
    service.sql(f"update analytics_heartbeat set beat_at = {ahead}")
    answer = requests.get(f"{service.url}/readyz", timeout=10)
    assert answer.status_code == 503
    assert "a clock was set back" in answer.json()["checks"]["beat"]["fault"]
    service.start("beat")
    ready = f"{service.url}/readyz?only=beat"
    wait_until(lambda: requests.get(ready, timeout=10).status_code == 200, what="a sweep ran")


@pytest.mark.parametrize("name", CLOCKS)
def test_a_batch_from_a_wrong_clock_is_refused_whole(
    service: Service, chance: Random, name: str
) -> None:
    offset, code = CLOCKS[name]
    sender = Sender(service, chance)
    # Today's chunks exist, whichever tests ran before.
    assert sender.attempt(sender.new_batch(5)).status == 202
    assert check_outbox(service, [sender], within=20) == []
    before = stored(service), service.sql(CHUNKS)
    batch = sender.new_batch(5)
    (us, seq), place = batch.samples.popitem()
    batch.samples[us + offset, seq] = place
    answer = sender.session.post(
        f"{sender.path}events/", batch.body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 400
    assert [error["code"] for error in answer.json()["errors"]] == [code]
    assert (stored(service), service.sql(CHUNKS)) == before


def test_samples_of_a_clock_an_hour_behind_are_late_but_accepted(
    service: Service, chance: Random
) -> None:
    sender = Sender(service, chance)
    times = {(us - HOUR_US, seq): place for (us, seq), place in sender.new_batch(5).samples.items()}
    assert sender.attempt(Batch(times)).status == 202


def stored(service: Service) -> int:
    return service.sql("select count(*) from analytics_pointerpositionevent")[0][0]
