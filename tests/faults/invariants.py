"""The invariants that hold two sweep periods after every fault.

Each checker returns descriptions of the violations; test_checkers.py plants the defect for each.
"""

import subprocess
import sys
import time
from collections.abc import Iterable

from tests.faults.traffic import Attempt, Batch, Key, Place, Sender, Traffic
from tests.service import ROOT, SWEEP_SECONDS, Service

# The longest rung's job runs every two seconds, and a drain leaves marks for the next rung.
SETTLE_SECONDS = 2 * SWEEP_SECONDS + 3 * 2
RAW = """
select b.instance_id::text, (extract(epoch from e.time) * 1000000)::bigint, e.seq, e.x, e.y
from analytics_pointerpositionevent e join dashboard_browser b on b.id = e.browser_id
where b.instance_id = any(%s::uuid[])
"""
MARKS = """
select count(*) from analytics_dirtyrange d join dashboard_browser b on b.id = d.browser_id
where b.instance_id = any(%s::uuid[])
"""


def check(
    traffic: Traffic, *, longest: float = 2, may_break: bool = False, settle: float = SETTLE_SECONDS
) -> None:
    """Assert every invariant of this traffic; `may_break` if web itself was killed."""
    service, senders = traffic.service, traffic.senders
    attempts = traffic.attempts()
    assert sum(attempt.status == 202 for attempt in attempts) > 0, "nothing was ever acknowledged"
    faults = [
        *check_answers(attempts, may_break=may_break),
        *check_durations(attempts, longest=longest),
        *(fault for batch in traffic.batches() for fault in check_account(batch)),
        *check_outbox(service, senders, within=settle),
        *(fault for sender in senders for fault in check_stored(sender, read_raw(service, sender))),
        *check_statuses(service, senders),
    ]
    assert not faults, "\n".join(faults[:30])


def check_answers(attempts: Iterable[Attempt], *, may_break: bool = False) -> list[str]:
    """Answers have no 5xx except 503 with Retry-After; connections break only if web was killed."""
    return [
        f"a bad answer: {attempt}"
        for attempt in attempts
        if (attempt.status is None and not may_break)
        or (
            (attempt.status or 0) >= 500
            and not (attempt.status == 503 and (attempt.retry_after or "").isdecimal())
        )
    ]


def check_durations(attempts: Iterable[Attempt], *, longest: float) -> list[str]:
    return [f"took too long: {attempt}" for attempt in attempts if attempt.seconds > longest]


def check_account(batch: Batch) -> list[str]:
    """accepted + duplicates + conflicts + rejected = sent; a sample is accepted at most once."""
    receipts = [attempt.receipt for attempt in batch.attempts if attempt.receipt]
    sent, faults = len(batch.samples), []
    for receipt in receipts:
        if receipt["accepted"] + receipt["duplicates"] + receipt["conflicts"] != sent:
            faults.append(f"{receipt} does not account for {sent} samples")
        if receipt["conflicts"]:
            faults.append(f"the same bytes conflict with themselves: {receipt}")
    accepted = sum(receipt["accepted"] for receipt in receipts)
    # Both can hide a COMMIT: web, or the database, may have died right after it.
    unheard = any(attempt.status in (None, 503) for attempt in batch.attempts)
    if receipts and (accepted > sent or (accepted < sent and not unheard)):
        faults.append(f"{accepted} of {sent} samples were accepted by {receipts}")
    return faults


def check_outbox(service: Service, senders: list[Sender], *, within: float) -> list[str]:
    """The outbox is empty on every rung."""
    instances = [sender.instance_id for sender in senders]
    deadline = time.monotonic() + within
    while (waiting := service.sql(MARKS, (instances,))[0][0]) and time.monotonic() < deadline:
        time.sleep(0.1)
    return [f"{waiting} marks wait in the outbox after {within} s"] if waiting else []


def read_raw(service: Service, sender: Sender) -> dict[Key, Place]:
    rows = service.sql(RAW, ([sender.instance_id],))
    return {(us, seq): (x, y) for _, us, seq, x, y in rows}


def check_stored(sender: Sender, raw: dict[Key, Place]) -> list[str]:
    """acknowledged ⊆ raw ⊆ attempted, positions included; a batch is stored whole or not at all."""
    attempted, faults = {}, []
    for batch in sender.batches:
        attempted |= batch.samples
        there = sum(key in raw for key in batch.samples)
        if batch.acknowledged and there < len(batch.samples):
            faults.append(f"acknowledged, but {there} of {len(batch.samples)} are there: {batch}")
        if 0 < there < len(batch.samples):
            faults.append(f"half stored, {there} of {len(batch.samples)}: {batch}")
    faults += [f"stored, but never sent so: {key}" for key in raw if raw[key] != attempted.get(key)]
    return faults


def check_statuses(service: Service, senders: list[Sender]) -> list[str]:
    """Every status of every rung equals a fresh recomputation."""
    words = [word for sender in senders for word in ("--browser", sender.instance_id)]
    done = subprocess.run(
        [sys.executable, "manage.py", "verify_rollups", *words],
        cwd=ROOT,
        env=service.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return [] if done.returncode == 0 else [f"verify_rollups: {done.stdout[-2000:]}{done.stderr}"]
