import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from tests.service import Service

SEED = int(os.environ.get("SEED") or time.time_ns() % 1_000_000)
DISK_MB = 400
HERE = Path(__file__).parent
# In `make test` too: they guard the main promises, and take seconds.
SHORT = {
    "test_graceful_end.py",
    "test_hints_and_sweeps.py",
    "test_killed_processes.py",
    "test_limits_under_parallel_calls.py",
    "test_shuffled_delivery.py",
}
WHOLE = os.environ.get("FAULTS") == "whole"
# The rungs are so short that their jobs run within seconds, and the limits so high that a test
# reaches them only on purpose.
SETTINGS = {
    "RUNGS": "1s,2s,4s",
    "ROLLUP_SHARDS": "4",
    "BATCHES_PER_MINUTE": "1000000",
    "EVENTS_PER_MINUTE": "100000000",
    "READS_PER_MINUTE": "100",
    "STATUS_RETENTION_DAYS": "1000",
    # `make test` and `make slow` have one process of web, `make faults` a supervisor with two.
    "WEB_WORKERS": "2" if WHOLE else "1",
}


@pytest.hookimpl(tryfirst=True)  # Before pytest selects by markers.
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let the tests here run alone, most of them in `make slow`, and the longest in `make faults`.

    All bound the time that a request takes (invariants.py), which other tests would lengthen.
    """
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.timed)
            if item.path.name not in SHORT:
                item.add_marker(pytest.mark.slow)
    if WHOLE:
        return
    config.hook.pytest_deselected(items=[i for i in items if i.get_closest_marker("whole")])
    items[:] = [item for item in items if not item.get_closest_marker("whole")]


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("faults"), **SETTINGS) as running:
        yield running


@pytest.fixture
def service(running: Service) -> Service:
    """The shared service with all processes running, including those that a test killed."""
    running.start_missing()
    return running


@pytest.fixture(scope="package")
def database_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with its own PostgreSQL, which may be stopped, on a small disk if possible."""
    folder = tmp_path_factory.mktemp("faults-of-the-database")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "tmpfs", folder]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        with Service(folder, own_database=True, **SETTINGS) as running:
            yield running
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def seed(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> int:
    """The seed of this run's random choices; SEED sets it."""
    line = f"seed {SEED} ({request.node.name}; SEED={SEED} make faults repeats it)\n"
    # Shown with a failure's report, and always by `make faults`.
    with capsys.disabled() if WHOLE else contextlib.nullcontext():
        sys.stdout.write(line)
    return SEED


@pytest.fixture
def chance(seed: int) -> Random:
    return Random(seed)


@pytest.fixture
def whole_or() -> Callable[[float, float], float]:
    """Choose the number for the whole suite (`make faults`) or for a shorter run of it."""
    return lambda whole, part: whole if WHOLE else part
