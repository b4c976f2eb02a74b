"""Generated pointers use the whole service, respect its limits, and log off at the end."""

import re
import signal
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from analytics.recordings.made_up.visitors import device_of, label_of, visit
from tests.patience import wait_until
from tests.service import Service
from tests.simulating import Simulation

SHORT = "0.05"  # minutes
STORED = """
select e.seq, e.x, e.y, e.enter from analytics_pointerpositionevent e
join dashboard_browser b on b.id = e.browser_id where b.id = %s order by e.time, e.seq
"""


def test_pointers_move_in_real_time_as_their_seed_says_and_log_off(service: Service) -> None:
    simulation = Simulation(
        service, "--browsers", "3", "--rate", "100", "--minutes", SHORT, "--seed", "7"
    )
    out = simulation.end()
    assert simulation.running.returncode == 0, simulation.err
    assert f"3 pointers, seed 7: {service.url}/browsers/" in out
    accepted = int(re.search(r"([\d,]+) accepted, 0 duplicates, 0 errors", out)[1].replace(",", ""))
    assert "3 pointers logged on, 3 off" in out
    assert accepted == simulation.stored() > 100
    assert [active for _, active in simulation.browsers()] == [False] * 3
    taken = [service.sql(STORED, (pk,)) for pk, _ in simulation.browsers()]
    planned = [first_of(n, max(map(len, taken))) for n in range(3)]
    # The thread that logs on first is random.
    for rows in taken:
        assert rows in [samples[: len(rows)] for samples in planned]
    wait_until(service.is_rolled_up, what="all is rolled up")


def first_of(number: int, count: int) -> list[tuple]:
    happenings = visit(seed=f"7/{number}", rate=100, device=device_of(number))
    samples = (fields for kind, _, fields in happenings if kind == "events")
    return [
        (sample["seq"], sample["x"], sample["y"], sample.get("enter", False))
        for sample in islice(samples, count)
    ]


def test_ctrl_c_ends_it_with_everybody_logged_off_and_nothing_lost(service: Service) -> None:
    simulation = Simulation(service, "--browsers", "5")
    simulation.await_movement()
    simulation.running.send_signal(signal.SIGINT)
    out = simulation.end()
    assert simulation.running.returncode == 0, simulation.err
    assert "Traceback" not in simulation.err
    assert "5 pointers logged on, 5 off" in out
    assert "0 not sent" in out
    assert [active for _, active in simulation.browsers()] == [False] * 5


SHOP = """
select b.site, b.label, b.is_active, min(s.time), max(s.time), count(*)
from dashboard_browser b join analytics_pointerscene s on s.browser_id = b.id
where b.id > %s group by b.id order by b.id
"""


def test_past_visits_are_sent_with_their_scenes_within_retention(service: Service) -> None:
    arguments = ("--browsers", "0", "--history", "99", "--visits", "0.3", "--seed", "5")
    simulation = Simulation(service, *arguments, "--rate", "10", "--site", "lamps.example:8443")
    out = simulation.end()
    assert simulation.running.returncode == 0, simulation.err
    found = re.search(r"(\d+) past visits since \S+, ([\d,]+) samples, seed 5", out).groups()
    visits = service.sql(SHOP, (simulation.before,))
    assert (len(visits), simulation.stored()) == tuple(int(n.replace(",", "")) for n in found)
    assert len(visits) >= 3
    now = datetime.now(UTC)
    for number, (site, label, is_active, first, last, scenes) in enumerate(visits):
        assert (site, label, is_active) == ("lamps.example:8443", label_of(number), False)
        assert now - timedelta(days=30) < first < last < now
        assert scenes > 2
    assert [first for *_, first, _, _ in visits] == sorted(first for *_, first, _, _ in visits)


def test_past_visits_go_on_where_they_were_interrupted(service: Service, tmp_path: Path) -> None:
    progress = tmp_path / "progress"
    asked = ("--browsers", "0", "--history", "3", "--visits", "20", "--seed", "5", "--rate", "2")
    asked = (*asked, "--progress", str(progress))
    first = Simulation(service, *asked)
    wait_until(progress.exists, seconds=60, what="a visit is sent")
    first.running.send_signal(signal.SIGTERM)
    first.end()
    assert first.running.returncode == 130, first.err
    sent_until = datetime.fromtimestamp(progress.stat().st_mtime, UTC)
    again = Simulation(service, *asked)
    again.end()
    assert again.running.returncode == 0, again.err
    began = [first for *_, first, _, _ in service.sql(SHOP, (again.before,))]
    assert began[0] > sent_until
    assert began == sorted(began)
    assert "0 past visits" in Simulation(service, *asked).end()


def hold_back(service: Service, limit: str, most: int, path: str) -> None:
    """Fill a limit until the service has refused a call for it, and a second longer."""
    refusal = f"Too Many Requests: {path}"
    before = service.log("web").count(refusal)

    def refused() -> bool:
        service.redis().set(f"pointerscope:limit:{limit}", most, px=1000)
        return service.log("web").count(refusal) > before

    wait_until(refused, seconds=60, what=f"429 for {path}")


def test_a_refused_log_on_waits_as_long_as_retry_after_says(service: Service) -> None:
    simulation = Simulation(service, "--browsers", "3", "--minutes", SHORT)
    hold_back(service, "log-on:127.0.0.1", 100_000, "/api/v1/browsers/")
    out = simulation.end()
    assert simulation.running.returncode == 0, simulation.err
    assert "3 pointers logged on, 3 off" in out
    # One logged on at a time, and once (or twice if the limit was full again meanwhile).
    assert re.search(r"  [12] times 429", out)


def test_a_batch_over_the_limit_is_sent_again_and_stored_once(service: Service) -> None:
    simulation = Simulation(service, "--browsers", "1", "--seed", "3")
    simulation.await_movement()
    ((instance,),) = service.sql(
        "select instance_id from dashboard_browser order by id desc limit 1"
    )
    hold_back(service, f"batches:{instance.hex}", 9999, f"/api/v1/browsers/{instance}/events/")
    simulation.await_movement()
    simulation.running.send_signal(signal.SIGINT)
    out = simulation.end()
    assert simulation.running.returncode == 0, simulation.err
    assert re.search(r"  [12] times 429", out)
    accepted = int(re.search(r"([\d,]+) accepted, 0 duplicates", out)[1].replace(",", ""))
    assert accepted == simulation.stored()
    ((seqs, most),) = service.sql(
        "select count(distinct seq), max(seq) from analytics_pointerpositionevent"
        " where browser_id > %s",
        (simulation.before,),
    )
    assert seqs == most + 1 == accepted


def test_a_pointer_that_is_erased_ends_and_is_reported(service: Service) -> None:
    simulation = Simulation(service, "--browsers", "2", "--minutes", "1")
    simulation.await_movement()
    service.sql("delete from dashboard_browser where id > %s", (simulation.before,))
    out = simulation.end()
    assert simulation.running.returncode == 1
    assert "404: No browser instance has this id" in out
    assert "2 pointers did not finish" in simulation.err


def test_a_service_that_is_away_is_named(service: Service) -> None:
    simulation = Simulation(service, "--url", "http://127.0.0.1:9")
    simulation.end()
    assert simulation.running.returncode == 1
    assert "http://127.0.0.1:9 cannot be reached" in simulation.err
    assert len(simulation.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("--browsers", "2001"),
        ("--browsers", "many"),
        ("--rate", "0"),
        ("--rate", "nan"),
        ("--minutes", "-1"),
        ("--history", "-1"),
        ("--visits", "0"),
        ("--site", "https://shop.example/"),
    ],
)
def test_invalid_numbers_are_refused(argument: str, value: str) -> None:
    with pytest.raises(CommandError, match=f"argument {argument}: a"):
        call_command("simulate", argument, value)
