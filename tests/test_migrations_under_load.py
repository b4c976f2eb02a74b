"""Migrations on a large database while samples arrive: no insert waits a second for a lock."""

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg2
import pytest

from tests.patience import wait_until
from tests.service import ROOT

pytestmark = pytest.mark.slow

DAYS, ROWS_A_DAY = 60, 6000
# At this migration the hypertables have their keys, and nothing else.
START = (("dashboard", "0002"), ("analytics", "0002"))
BROWSER = """
insert into dashboard_browser (instance_id, is_active, logged_on_at, token_version)
values (gen_random_uuid(), true, now(), 1)
"""
FILL = """
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select 1, now() - day * interval '1 day' - n * interval '1 second', n, n, n, false
from generate_series(0, %s) day, generate_series(1, %s) n
"""
STATUSES = """
insert into {} (browser_id, interval_ms, time, events, traversed_distance,
    avg_velocity, peak_velocity, moving_time, start_x, start_y, end_x, end_y)
select 1, {}, now() - day * interval '1 day' - n * interval '1 second', 1, 1, 1, 1, 1, 1, 1, 1, 1
from generate_series(0, %s) day, generate_series(1, %s) n
"""
INSERT = """
insert into analytics_pointerpositionevent (browser_id, time, x, y, seq, enter)
select 1, clock_timestamp(), n, n, n, false from generate_series(1, 10) n
"""


class Inserts(threading.Thread):
    """Inserts samples without pause; ends with an error if an insert waits a second."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.session = psycopg2.connect(url, options="-c lock_timeout=1s")
        self.session.autocommit = True
        self.stopping, self.count = threading.Event(), 0
        self.error: psycopg2.Error | None = None

    def run(self) -> None:
        try:
            with self.session.cursor() as cursor:
                while not self.stopping.is_set():
                    cursor.execute(INSERT)
                    self.count += 1
        except psycopg2.Error as error:
            self.error = error

    def __enter__(self) -> "Inserts":
        self.start()
        wait_until(lambda: self.count or self.error, what="the first insert")
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.join()
        self.session.close()
        assert self.error is None, f"after {self.count} inserts: {self.error}"


@pytest.fixture
def url() -> Iterator[str]:
    """A separate database with many chunks and rows, before most of its migrations."""
    name = f"test_migrations_{secrets.token_hex(4)}"
    admin = psycopg2.connect(os.environ["DATABASE_URL"])
    admin.autocommit = True
    admin.cursor().execute(f"create database {name}")
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    for app, migration in START:
        migrate(url, app, migration).wait()
    with psycopg2.connect(url) as session, session.cursor() as cursor:
        cursor.execute(BROWSER)
        cursor.execute(FILL, (DAYS, ROWS_A_DAY))
        cursor.execute(STATUSES.format("dashboard_pointerstatus", 1000), (DAYS, ROWS_A_DAY // 4))
        cursor.execute(STATUSES.format("dashboard_coarsestatus", 10_000), (DAYS, ROWS_A_DAY // 40))
    session.close()
    yield url
    admin.cursor().execute(f"drop database {name} with (force)")
    admin.close()


def migrate(url: str, *words: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "-v0", *words],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.timed
def test_no_migration_makes_ingest_wait_for_a_second(url: str) -> None:
    with Inserts(url) as inserts:
        assert migrate(url).wait() == 0
        before = inserts.count
        wait_until(lambda: inserts.count > before, what="inserts go on")


@pytest.mark.timed
def test_neither_does_a_migration_that_waits_for_a_long_reader(url: str) -> None:
    reader = psycopg2.connect(url)
    reader.cursor().execute("select count(*) from analytics_pointerpositionevent")
    with Inserts(url) as inserts:
        # Dropping the key locks the whole hypertable.
        migration = migrate(url, "analytics", "0001")
        assert migration.stderr.readline() + migration.stderr.readline() == (
            "\nA table is in use; trying again.\n"
        )
        time.sleep(1.5)
        assert migration.poll() is None, "it waits its turn"
        assert inserts.error is None
        reader.close()
        assert migration.wait() == 0
