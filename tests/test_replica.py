"""A streaming replica serves the reads that may be stale, and nothing depends on it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import psycopg2
import pytest
import requests

from core.storage.replica import PAUSE_SECONDS
from tests.faults.invariants import check_statuses
from tests.faults.traffic import Sender
from tests.patience import wait_until
from tests.service import ROOT, Service

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with its own PostgreSQL, and a replica of that."""
    service = Service(tmp_path_factory.mktemp("replica"), own_database=True, RUNGS="1s")
    service.environment["REPLICA_URL"] = service.replica_url
    with service:
        service.start("replica")
        yield service


@contextmanager
def behind(service: Service) -> Iterator[None]:
    """Pause the replica, so that it shows none of the changes meanwhile."""
    session = psycopg2.connect(service.replica_url)
    session.autocommit = True
    with session.cursor() as cursor:
        cursor.execute("select pg_wal_replay_pause()")
        wait_until(lambda: is_paused(cursor), what="the replica stands still")
        try:
            yield
        finally:
            cursor.execute("select pg_wal_replay_resume()")
    session.close()


def is_paused(cursor) -> bool:
    cursor.execute("select pg_get_wal_replay_pause_state()")
    return cursor.fetchone() == ("paused",)


class Reader(Sender):
    """A sender that reads its stored data through each call."""

    def read(self, call: str) -> requests.Response:
        return requests.get(f"{self.path}{call}", headers=self.session.headers, timeout=15)

    def samples(self) -> int:
        return len(self.read("events/").json()["events"])

    def seen(self) -> dict[str, int]:
        """Return how many samples each call that may be stale shows."""
        series = self.read("statuses/?interval=1m").json()["statuses"]
        return {
            "page": self.samples(),
            "file": len(self.read("events/?format=csv").text.splitlines()) - 1,
            "series": sum(status["events"] for status in series),
            "series as a file": sum(
                int(line.split(",")[2])
                for line in self.read("statuses/?interval=1m&format=csv").text.splitlines()[1:]
            ),
            "measures": self.read("measures/").json()["measures"]["events"],
        }


@pytest.fixture
def reader(service: Service) -> Reader:
    return Reader(service, Random(1))


def send(reader: Reader, service: Service, count: int = 10) -> None:
    assert reader.attempt(reader.new_batch(count)).status == 202
    wait_until(service.is_rolled_up, what="the drain")


def everywhere(count: int) -> dict[str, int]:
    return dict.fromkeys(("page", "file", "series", "series as a file", "measures"), count)


def test_series_samples_and_measures_come_from_the_replica(
    service: Service, reader: Reader
) -> None:
    send(reader, service)
    wait_until(lambda: reader.seen() == everywhere(10), what="the replica follows")
    with behind(service):
        send(reader, service)
        assert reader.seen() == everywhere(10)
    wait_until(lambda: reader.seen() == everywhere(20), what="the replica follows")


def test_nothing_else_does(service: Service, reader: Reader) -> None:
    wait_until(lambda: reader.samples() == 0, what="the replica knows the instance")
    with behind(service):
        send(reader, service)
        newcomer = Reader(service, Random(2))
        assert newcomer.read("").json()["is_active"], "the newcomer's token is believed"
        send(newcomer, service)
        assert count_streamed(newcomer) == 10, "a stream begins with what is true now"
        assert check_statuses(service, [reader, newcomer]) == []
        assert requests.delete(reader.path, headers=reader.session.headers, timeout=15).ok
        assert reader.read("events/").status_code == 404, "erased is gone, wherever it still is"


def test_the_list_for_staff_may_be_stale_too(service: Service, reader: Reader) -> None:
    service.create_staff("reader", "a long pass phrase")
    staff = logged_in(service, "reader", "a long pass phrase")

    def is_listed(who: Reader) -> bool:
        return who.instance_id in staff.get(f"{service.url}/api/v1/browsers/", timeout=15).text

    wait_until(lambda: is_listed(reader), what="the replica follows")
    with behind(service):
        assert not is_listed(Reader(service, Random(3)))


@pytest.mark.timed
def test_the_doctor_reports_the_state_of_the_replica(service: Service) -> None:
    assert "ok   replica: lags 0.0 s behind" in doctor(service)
    assert "names no replica" in doctor(service, REPLICA_URL=service.database_url)


def doctor(service: Service, **settings: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", "doctor"],
        cwd=ROOT,
        env=service.environment | settings,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout


def test_the_primary_answers_while_the_replica_is_away(service: Service, reader: Reader) -> None:
    send(reader, service)
    wait_until(lambda: reader.seen() == everywhere(10), what="the replica follows")
    service.stop("replica", how=signal.SIGQUIT)
    send(reader, service)
    assert reader.seen() == everywhere(20)
    assert "the primary replaces the replica" in service.log("web")
    service.start("replica")
    wait_until(lambda: is_read_by(service, reader), seconds=3 * PAUSE_SECONDS, what="it is back")
    assert reader.seen() == everywhere(20)


def is_read_by(service: Service, reader: Reader) -> bool:
    reader.samples()
    count = "select count(*) from pg_stat_activity where application_name = 'pointerscope'"
    with psycopg2.connect(service.replica_url) as session, session.cursor() as cursor:
        cursor.execute(count)
        return cursor.fetchone()[0] > 0


def count_streamed(reader: Reader) -> int:
    """Return how many samples the first event of a new stream, its snapshot, contains."""
    with requests.get(reader.stream_url, stream=True, timeout=15) as stream:
        line = next(line for line in stream.iter_lines() if line.startswith(b"data:"))
    return sum(status["events"] for status in json.loads(line[5:])["statuses"])


def logged_in(service: Service, name: str, password: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{service.url}/login/", timeout=15)
    fields = {"username": name, "password": password}
    fields["csrfmiddlewaretoken"] = session.cookies["csrftoken"]
    assert session.post(page.url, fields, timeout=15).ok
    return session
