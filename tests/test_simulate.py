"""Generated pointers use the whole service, respect its limits, and log off at the end."""

import re
import signal

import pytest
from django.core.management import CommandError, call_command

from analytics.recordings.made_up import simulate_pointer
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
    planned = [first_of(f"7/{n}", max(map(len, taken))) for n in range(3)]
    # The thread that logs on first is random.
    for rows in taken:
        assert rows in [samples[: len(rows)] for samples in planned]
    wait_until(service.is_rolled_up, what="all is rolled up")


def first_of(seed: str, count: int) -> list[tuple]:
    samples = simulate_pointer(seed=seed, rate=100)
    return [(s.seq, s.x, s.y, s.enter) for s, _ in zip(samples, range(count), strict=False)]


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
        ("--browsers", "0"),
        ("--browsers", "many"),
        ("--rate", "0"),
        ("--rate", "nan"),
        ("--minutes", "-1"),
    ],
)
def test_invalid_numbers_are_refused(argument: str, value: str) -> None:
    with pytest.raises(CommandError, match=f"argument {argument}: a"):
        call_command("simulate", argument, value)
