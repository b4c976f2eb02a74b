"""Each checker finds its planted defect."""

from collections.abc import Callable
from random import Random

import pytest

from tests.faults import invariants
from tests.faults.traffic import Attempt, Batch, Sender
from tests.patience import wait_until
from tests.service import Service

GOOD = Attempt(0, 0.1, 202, receipt={"accepted": 2, "duplicates": 0, "conflicts": 0})
TWO = {(1, 0): (1.0, 1.0), (2, 1): (2.0, 2.0)}


@pytest.fixture(scope="module")
def sender(running: Service) -> Sender:
    running.start_missing()
    sender = Sender(running, Random(1))
    batch = sender.new_batch(5)
    assert sender.attempt(batch).status == 202
    assert invariants.check_outbox(running, [sender], within=20) == []
    return sender


def receipt(accepted: int, duplicates: int, conflicts: int = 0) -> Attempt:
    counts = {"accepted": accepted, "duplicates": duplicates, "conflicts": conflicts}
    return GOOD._replace(receipt=counts)


@pytest.mark.parametrize(
    ("attempt", "is_bad"),
    [
        (GOOD, False),
        (GOOD._replace(status=503, retry_after="2"), False),
        (GOOD._replace(status=503), True),
        (GOOD._replace(status=500), True),
        (GOOD._replace(status=502, retry_after="2"), True),
        (GOOD._replace(status=None), True),
    ],
)
def test_a_bad_answer_is_found(attempt: Attempt, is_bad: bool) -> None:
    assert bool(invariants.check_answers([GOOD, attempt])) is is_bad


def test_a_request_that_took_too_long() -> None:
    assert invariants.check_durations([GOOD], longest=2) == []
    assert invariants.check_durations([GOOD, GOOD._replace(seconds=2.01)], longest=2)


@pytest.mark.parametrize(
    ("attempts", "is_bad"),
    [
        ([GOOD], False),
        ([receipt(2, 0), receipt(0, 2)], False),
        ([GOOD._replace(status=None, receipt=None), receipt(0, 2)], False),
        ([receipt(1, 0)], True),
        ([receipt(2, 1)], True),
        ([receipt(1, 0, 1)], True),
        ([receipt(2, 0), receipt(2, 0)], True),
        ([receipt(0, 2)], True),
    ],
)
def test_counts_that_do_not_add_up(attempts: list[Attempt], is_bad: bool) -> None:
    assert bool(invariants.check_account(Batch(TWO, attempts))) is is_bad


def test_samples_that_are_lost_halved_moved_or_invented(sender: Sender) -> None:
    acknowledged = sender.batches[0]
    raw = dict(acknowledged.samples)
    assert invariants.check_stored(sender, raw) == []
    key = next(iter(raw))
    assert invariants.check_stored(sender, {})
    assert invariants.check_stored(sender, {k: raw[k] for k in raw if k != key})
    assert invariants.check_stored(sender, raw | {key: (-1.0, -1.0)})
    assert invariants.check_stored(sender, raw | {(1, 99): (0.0, 0.0)})


PLANTS: dict[str, Callable[[Service, str], None]] = {
    "a sample that no status counts": lambda service, browser: service.sql(
        "insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)"
        " values (%s, now() - interval '1 minute', 1, 1, 0, false)",
        (browser,),
    ),
    "a status that differs in one number": lambda service, browser: service.sql(
        "update dashboard_pointerstatus set traversed_distance = traversed_distance + 0.001"
        " where browser_id = %s",
        (browser,),
    ),
    "a status of a higher rung that is missing": lambda service, browser: service.sql(
        "delete from dashboard_coarsestatus where browser_id = %s and interval_ms = 4000",
        (browser,),
    ),
}


def test_statuses_that_differ_from_a_fresh_computation(service: Service) -> None:
    senders = [Sender(service, Random(n)) for n in range(len(PLANTS) + 1)]
    for sender in senders:
        assert sender.attempt(sender.new_batch(5)).status == 202
    assert invariants.check_outbox(service, senders, within=20) == []
    assert invariants.check_statuses(service, senders) == []
    for sender, plant in zip(senders[1:], PLANTS.values(), strict=True):
        query = "select id from dashboard_browser where instance_id = %s"
        plant(service, service.sql(query, (sender.instance_id,))[0][0])
    (fault,) = invariants.check_statuses(service, senders)
    found = [sender.instance_id in fault for sender in senders]
    assert found == [False, *(True for _ in PLANTS)], fault


def test_a_mark_that_is_never_claimed(service: Service) -> None:
    sender = Sender(service, Random(3))
    service.sql(
        "insert into analytics_dirtyrange (browser_id, since, until, rung)"
        " select id, now(), now(), 7000 from dashboard_browser where instance_id = %s",
        (sender.instance_id,),
    )
    assert invariants.check_outbox(service, [sender], within=3)
    service.sql("delete from analytics_dirtyrange where rung = 7000")
    wait_until(lambda: not invariants.check_outbox(service, [sender], within=0))
