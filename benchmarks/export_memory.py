"""Peak memory and time of `manage.py export` for ten million samples, against one million.

    scripts/services run -- .venv/bin/python -m benchmarks.export_memory

Ten instances with a million samples each, over twenty days, in a separate database that is dropped
afterwards. The same run also measures a server-side cursor that reads one instance's rows.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import psycopg2

from core.api.file_formats import FORMATS, PAGE_ROWS
from tests.service import ROOT, Service

INSTANCES = 10
BROWSERS = """
insert into dashboard_browser (instance_id, is_active, logged_on_at, token_version)
select gen_random_uuid(), false, now(), 1 from generate_series(1, %s) returning id, instance_id
"""
SAMPLES = """
insert into analytics_pointerpositionevent (time, browser_id, x, y, seq, enter)
select now() - interval '21 days' + i * (interval '20 days' / %(rows)s), %(browser)s,
       (i * 7919) %% 1920 + 0.37, (i * 104729) %% 1080 + 0.2, (i %% 1000)::int, i %% 5000 = 0
from generate_series(1, %(rows)s::bigint) i
"""
READ = """
select time, x, y, seq, enter from analytics_pointerpositionevent
where browser_id = %s order by time, seq
"""
TO_REACH = 1.1


class Cost(NamedTuple):
    peak_mb: float
    cpu_seconds: float
    megabytes: float


def export(service: Service, folder: Path, kind: str, *arguments: str) -> Cost:
    """Run the command to its end; return its cost."""
    path = folder / f"samples.{kind}"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "export", "events", f"--output={path}", *arguments],
        cwd=ROOT,
        env=service.environment,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"export of {kind} failed")
    size = path.stat().st_size / 1e6
    path.unlink()
    return Cost(usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime, size)


def read_by_cursor(service: Service, browser: int) -> float:
    """Return the client's CPU seconds for reading one instance's rows by a server-side cursor."""
    began = time.process_time()
    session = psycopg2.connect(service.database_url)
    with session.cursor("rows") as cursor:
        cursor.itersize = PAGE_ROWS
        cursor.execute(READ, (browser,))
        for _ in cursor:
            pass
    session.close()
    return time.process_time() - began


def fill(service: Service, each: int) -> list[tuple[int, str]]:
    """Create the database and its samples; return the instances' keys and ids."""
    migrate = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(migrate, cwd=ROOT, env=service.environment, check=True)
    browsers = service.sql(BROWSERS, (INSTANCES,))
    for browser, _ in browsers:
        service.sql(SAMPLES, {"rows": each, "browser": browser})
    service.sql("analyze analytics_pointerpositionevent")
    return browsers


def compare(service: Service, folder: Path, kind: str, first: str) -> float:
    """Print the cost of one instance and of all; return the ratio of their peaks."""
    one = export(service, folder, kind, f"--browser={first}")
    everyone = export(service, folder, kind)
    ratio = everyone.peak_mb / one.peak_mb
    print(f"{kind:8}", *map(tell, (one, everyone)), f"peaks {ratio:.2f}", sep=" | ", flush=True)
    return ratio


def tell(cost: Cost) -> str:
    return f"{cost.peak_mb:.0f} MB peak, {cost.cpu_seconds:.0f} s CPU, file {cost.megabytes:.0f} MB"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    each = parser.parse_args().rows // INSTANCES
    with tempfile.TemporaryDirectory() as name:
        folder, service = Path(name), Service(Path(name))
        service.administer(f'create database "{service.database}"')
        try:
            browsers = fill(service, each)
            cpu = read_by_cursor(service, browsers[0][0])
            print(f"{each:,} rows and {INSTANCES * each:,}; a server-side cursor: {cpu:.1f} s CPU")
            worst = max(compare(service, folder, kind, browsers[0][1]) for kind in FORMATS)
        finally:
            service.administer(f'drop database "{service.database}" with (force)')
    print(f"worst ratio of peaks / goal ({TO_REACH}): {worst / TO_REACH:.2f}")
    return 0 if worst <= TO_REACH else 1


if __name__ == "__main__":
    sys.exit(main())
