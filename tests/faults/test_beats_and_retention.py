"""Two Beats run at once, and old chunks are dropped, while samples arrive and are read."""

import subprocess
import sys
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from tests.faults.background import Background
from tests.faults.holding import overtake
from tests.faults.invariants import check, check_outbox
from tests.faults.traffic import Sender, Traffic
from tests.service import ROOT, Service

BEATS = ("beat", "second beat")
SENT, FAILED = "Sending due task sweep", "ERROR"
FIRST_DAY = 31
# A sample every tenth of a second, for one second of each day, with marks as if they were new.
STORE_OLD = """
with me as (select id from dashboard_browser where instance_id = %(instance)s), stored as (
    insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
    select me.id, date_trunc('day', now()) - day * interval '1 day' + n * interval '0.1 s',
           3 * n, 4 * n, n, false
    from me, generate_series(%(first)s, %(last)s) day, generate_series(1, 9) n
    returning browser_id, time
)
insert into analytics_dirtyrange (browser_id, since, until, rung)
select browser_id, min(time), max(time), 1000 from stored
group by browser_id, time_bucket('1 day', time)
"""
# The hourly task's own function; each run is a day later, so that it drops one day's chunk.
RETAIN = """
import sys
from datetime import timedelta
import django
django.setup()
from django.utils import timezone
from analytics.upkeep.retention import retain
days, dropped = int(sys.argv[1]), 0
for n in range(days + 4):
    now = timezone.now() + min(n - days, 1) * timedelta(days=1) + n * timedelta(minutes=11)
    dropped += sum("chunk" in name for name in retain(now=now))
print(dropped)
"""
STATUSES = """
select s.* from {table} s join dashboard_browser b on b.id = s.browser_id
where b.instance_id = %s order by interval_ms, time
"""


@pytest.mark.whole
def test_two_beats_do_no_harm(service: Service, seed: int, whole_or: Callable) -> None:
    errors = service.log("worker").count(FAILED)
    swept = Sender(service, Random(seed))
    with Traffic(service, seed, senders=2) as traffic:
        service.start("second beat")
        before = {beat: service.log(beat).count(SENT) for beat in BEATS}
        try:
            # A sweep that takes long, with the other Beat's during it.
            for _ in range(whole_or(5, 1)):
                overtake(service, swept)
            time.sleep(whole_or(150, 2))
            sent = {beat: service.log(beat).count(SENT) - before[beat] for beat in BEATS}
        finally:
            service.stop("second beat")
    traffic.senders.append(swept)
    check(traffic)
    assert min(sent.values()) > 10, f"sweeps that each Beat sent: {sent}"
    assert service.log("worker").count(FAILED) == errors


@pytest.mark.whole
def test_dropping_old_chunks_changes_no_status_and_disturbs_no_caller(
    service: Service, seed: int, whole_or: Callable
) -> None:
    days = whole_or(100, 8)
    old = Sender(service, Random(seed))
    # Beat's own run may have sealed the days that will be filled.
    service.sql("delete from analytics_seal")
    span = {"first": FIRST_DAY, "last": FIRST_DAY + days - 1}
    service.sql(STORE_OLD, {"instance": old.instance_id, **span})
    assert check_outbox(service, [old], within=120) == []
    before = statuses(service, old)
    assert len(before) == 3 * days
    reader = Reader(old)
    with Traffic(service, seed, senders=2, pause=0.05) as traffic, reader:
        dropped = retain(service, days)
    assert dropped >= days
    assert service.sql(
        "select count(*) from analytics_pointerpositionevent e join dashboard_browser b"
        " on b.id = e.browser_id where b.instance_id = %s",
        (old.instance_id,),
    ) == [(0,)]
    assert statuses(service, old) == before
    assert reader.answers
    assert set(reader.answers) == {200}
    check(traffic)


def retain(service: Service, days: int) -> int:
    """Run the hourly jobs of `days` days, twice at once, as two Beats would."""
    both = [
        subprocess.Popen(
            [sys.executable, "-c", RETAIN, str(days)],
            cwd=ROOT,
            env=service.environment | {"DJANGO_SETTINGS_MODULE": "core.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    dropped = [int(process.communicate()[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    return sum(dropped)


def statuses(service: Service, sender: Sender) -> list[tuple[Any, ...]]:
    return [
        row
        for table in ("dashboard_pointerstatus", "dashboard_coarsestatus")
        for row in service.sql(STATUSES.format(table=table), (sender.instance_id,))
    ]


class Reader(Background):
    """Reads an instance's old samples and statuses, as often as its limit allows."""

    def __init__(self, sender: Sender) -> None:
        self.answers: list[int] = []
        super().__init__(self._read, [sender])

    def _read(self, sender: Sender) -> None:
        while not self.stopping.wait(1.3):
            for what in ("events/?format=csv", "statuses/?interval=1d&since=2026-01-01T00:00:00Z"):
                answer = sender.session.get(f"{sender.path}{what}", timeout=30)
                self.answers.append(answer.status_code)
