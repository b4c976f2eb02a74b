"""A process is killed at any point: nothing is lost and nothing is counted twice."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.holding import HeldAnswers, child_with, held_drain
from tests.faults.invariants import check
from tests.faults.traffic import Batch, Traffic
from tests.patience import wait_until
from tests.service import Service


def test_a_child_of_the_worker_killed_in_the_middle_of_a_drain(
    service: Service, seed: int, whole_or: Callable
) -> None:
    with Traffic(service, seed, senders=2) as traffic:
        for _ in range(whole_or(50, 4)):
            with held_drain(service) as port:
                child_with(service, port).kill()
    check(traffic)


@pytest.mark.whole
def test_the_worker_killed_in_the_middle_of_a_drain(
    service: Service, seed: int, whole_or: Callable
) -> None:
    with Traffic(service, seed, senders=2) as traffic:
        for _ in range(whole_or(20, 1)):
            with held_drain(service):
                service.stop("worker", how=signal.SIGKILL)
            service.start("worker")
    check(traffic)


def test_web_killed_between_commit_and_answer(
    service: Service, seed: int, whole_or: Callable
) -> None:
    answers = HeldAnswers(service)
    service.stop("web")
    service.special["web"] = {"DATABASE_URL": answers.url}
    times, starts = whole_or(20, 2), [2.0]
    try:
        service.start("web")
        with Traffic(service, seed, senders=3) as traffic:
            for _ in range(times):
                until_heard(traffic)
                traffic.wait_for_more(1)
                answers.committed.clear()
                assert answers.committed.wait(20), "no batch was stored"
                service.stop("web", how=signal.SIGKILL)
                began = time.monotonic()
                service.start("web")
                starts.append(time.monotonic() - began)
    finally:
        service.special.clear()
        answers.close()
        service.stop("web")
        service.start("web")
    # Its port is open before it has loaded Django, so a caller at that moment waits for its start.
    check(traffic, may_break=True, longest=max(starts))
    assert sum(was_stored_unheard(batch) for batch in traffic.batches()) >= times


def until_heard(traffic: Traffic) -> None:
    """Wait for the current batches: the next kill could hit a retry of the same batch."""
    under_way = [batch for batch in traffic.batches() if not batch.acknowledged]
    wait_until(
        lambda: all(batch.acknowledged for batch in under_way), what="what was hit is acknowledged"
    )


def was_stored_unheard(batch: Batch) -> bool:
    """Return whether an attempt stored the batch without an answer."""
    unheard = any(attempt.status is None for attempt in batch.attempts)
    return unheard and any(
        attempt.receipt and attempt.receipt["duplicates"] == len(batch.samples)
        for attempt in batch.attempts
    )
