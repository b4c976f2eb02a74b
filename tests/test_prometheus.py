"""The shipped Prometheus scrapes a service in good and in bad health."""

import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg2
import pytest

from tests.patience import wait_until
from tests.pointer import Pointer
from tests.production import Production
from tests.prometheus import Prometheus
from tests.service import ROOT, Service
from tests.test_alarms import queries
from tests.test_operations import no_database

# They count faults, and a healthy service has none.
OF_FAULTS = ('pointerscope_requests_total{status=~"5.."}', 'ALERTS{alertstate="firing"}')

MORE_MARKS = """
insert into analytics_dirtyrange (browser_id, since, until, rung)
select browser_id, since, until, rung from
    (select * from analytics_dirtyrange where rung = 1000 limit 1) one, generate_series(1, 1001)
"""


def selectors(query: str) -> list[str]:
    """Return the selectors of a query: each metric with its labels."""
    return re.findall(r"\b(?:pointerscope_\w+|up|ALERTS)\b(?:\{[^}]*\})?", query)


@pytest.fixture(scope="module")
def well(production: Production, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    production.move()
    target = f"127.0.0.1:{production.probe_port}"
    folder = tmp_path_factory.mktemp("prometheus")
    with Prometheus(folder, target=target) as prometheus:
        yield prometheus


def test_every_alarm_and_panel_selects_something(well: Prometheus) -> None:
    selected = {one for query in queries() for one in selectors(query)} - set(OF_FAULTS)
    assert len(selected) > 10
    # The worker and Beat have not done their first work yet.
    wait_until(
        lambda: all(map(well.has, selected)),
        seconds=60,
        what=f"series for {[one for one in selected if not well.has(one)]}",
    )


def test_each_query_of_alarms_and_panels_is_answered(well: Prometheus) -> None:
    assert {query: well.error_of(query) for query in queries()} == dict.fromkeys(queries())


@pytest.mark.timed
def test_no_alarm_fires_or_is_pending_on_a_healthy_service(well: Prometheus) -> None:
    wait_until(lambda: well.has("pointerscope_heartbeat_age_seconds"))
    # Each rule is evaluated once more, after two scrapes.
    wait_until(lambda: well.has("count_over_time(pointerscope_database_up[5s]) > 3"))
    assert len(well.states()) > 5
    assert set(well.states().values()) == {"inactive"}


def test_no_label_of_ours_is_one_that_a_scrape_sets(well: Prometheus) -> None:
    assert [name for name in well.ask("labels") if name.startswith("exported_")] == []


def visit(pointer: Pointer) -> None:
    """Send a scene, and so make the only page."""
    sizes = {"viewport": [1280, 720], "document": [1280, 2000], "scroll": [0, 0], "pixel_ratio": 1}
    scene = {"time": pointer.base_ms, "seq": 0, **sizes, "pointer": "mouse", "page": "/only"}
    body = {"events": [], "scenes": [scene]}
    pointer.session.post(f"{pointer.url}events/", json=body, timeout=10).raise_for_status()


@contextmanager
def locked_samples(service: Service) -> Iterator[None]:
    """Hold what a batch needs to write, as a long job on the table does."""
    session = psycopg2.connect(service.owner_url)
    try:
        session.cursor().execute("lock table analytics_pointerpositionevent in share mode")
        yield
    finally:
        session.close()


def send_slowly(service: Service, pointer: Pointer, seq: int) -> None:
    """Send a batch that takes between a half and a whole second to store."""
    with ThreadPoolExecutor() as pool:
        with locked_samples(service):
            sent = pool.submit(pointer.send, seq)
            time.sleep(0.7)
        sent.result()


@pytest.mark.slow
@pytest.mark.timed
def test_each_alarm_fires_when_its_fault_is_made(tmp_path_factory: pytest.TempPathFactory) -> None:
    service = Service(tmp_path_factory.mktemp("ill"), MAX_PAGES="1", INSTANCES_PER_DAY_OF_ALL="1")
    folder = tmp_path_factory.mktemp("prometheus")
    rang = set()
    with service, Prometheus(folder, target=f"127.0.0.1:{service.port}") as prometheus:

        def rings(name: str, *, while_: Callable[[], object] = lambda: None) -> None:
            def is_seen() -> bool:
                while_()
                return prometheus.states()[name] != "inactive"

            wait_until(is_seen, seconds=30, what=f"{name} to be pending or firing")
            rang.add(name)

        # The first and last instance of the day.
        pointer = Pointer(service)
        rings("QuotaNearlyUsed")
        pointer.send(1)
        wait_until(service.is_rolled_up)
        wait_until(lambda: prometheus.has("pointerscope_heartbeat_age_seconds"))
        visit(pointer)
        rings("PagesNearlyUsed")
        wait_until(lambda: prometheus.has("pointerscope_ingest_seconds_count >= 2"))
        send_slowly(service, pointer, 2)
        rings("IngestSlow")

        service.stop("beat", "worker")
        service.stop("redis", how=signal.SIGKILL)
        seen = {"beat_at": "analytics_heartbeat", "created_at": "analytics_dirtyrange"}
        pointer.send(3)
        for column, table in seen.items():
            service.sql(f"update {table} set {column} = now() - interval '61 s'")
        rings("BeatSilent")
        rings("RollupLags")
        service.sql("update analytics_dirtyrange set large = true")
        rings("LargeBuckets")
        service.sql(MORE_MARKS)
        rings("OutboxGrows")
        pointer.send(4)
        rings("RedisDown")
        with no_database(service):
            rings("DatabaseDown")
            read = partial(pointer.session.get, pointer.url, timeout=10)
            rings("ServerErrors", while_=read)
        service.stop("web")
        rings("ServiceDown")
        assert rang == set(prometheus.states())


@pytest.mark.parametrize(
    ("release", "packages"),
    [
        ("Debian 12", {"prometheus": "prometheus promtool"}),
        ("Debian 13", {"prometheus": "prometheus", "promtool": "promtool"}),
    ],
)
@pytest.mark.parametrize("program", ["promtool", "prometheus"])
def test_its_programs_are_found_in_the_packages_of(
    tmp_path: Path, release: str, packages: dict[str, str], program: str
) -> None:
    """Fakes apt-get and dpkg-deb, because one machine has one release."""
    stand_ins = {
        "apt-get": 'case "$1 $2" in\n'
        + "".join(
            f'"download {one}") echo {both} > {one}.deb;;\n' for one, both in packages.items()
        )
        + "*) exit 100;;\nesac",
        "dpkg-deb": 'mkdir -p "$3/usr/bin"; for one in $(cat "$2"); do'
        ' echo "#!/bin/sh" > "$3/usr/bin/$one"; chmod +x "$3/usr/bin/$one"; done',
    }
    for name, script in stand_ins.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        [ROOT / "scripts" / "promtool", program],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().endswith(f"/usr/bin/{program}"), done.stderr
