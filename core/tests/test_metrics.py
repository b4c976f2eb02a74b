"""A process reports its own numbers, and those of other processes while they live."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings

from core import metrics

# A live process of another container, which is killed while three streams are open.
KILLED = """
import os, socket
socket.gethostname = lambda: "another-host"
import django
django.setup()
from core.metrics import touch_gauges
from dashboard.streaming.hub import CLIENTS
CLIENTS.set(3)
touch_gauges()
os._exit(137)
"""
TELL = """
import django
django.setup()
from prometheus_client import CollectorRegistry
from core.metrics import exposition
print(exposition(CollectorRegistry()).decode())
"""


def name_of(process: multiprocessing.Process) -> str:
    return f"{metrics.HOST}-{process.pid}"


def run(script: str, folder: Path) -> str:
    environment = {**os.environ, "METRICS_DIR": str(folder), "SECRET_KEY": "k" * 50}
    words = [sys.executable, "-c", script]
    done = subprocess.run(
        words, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    return done.stdout


def clients(folder: Path) -> list[str]:
    lines = run(TELL, folder).splitlines()
    return [line for line in lines if line.startswith("pointerscope_stream_clients")]


def test_a_forked_process_counts_under_a_name_of_its_own():
    fork = multiprocessing.get_context("fork")
    names = fork.SimpleQueue()
    process = fork.Process(target=lambda: names.put(metrics._name))
    process.start()
    process.join(10)
    assert names.get() == name_of(process)
    assert metrics._name == name_of(multiprocessing.current_process())


def test_gauges_of_a_container_that_was_killed_are_left_out_after_half_a_minute(tmp_path: Path):
    run(KILLED, tmp_path)
    assert clients(tmp_path) == ["pointerscope_stream_clients 3.0"]
    (gauge,) = tmp_path.glob("gauge_live*")
    for age, told in ((25, ["pointerscope_stream_clients 3.0"]), (35, [])):
        os.utime(gauge, (time.time() - age,) * 2)
        assert clients(tmp_path) == told


def test_gauges_of_a_process_that_was_killed_here_are_left_out_at_once(tmp_path: Path):
    here = KILLED.replace('socket.gethostname = lambda: "another-host"', "")
    run(here, tmp_path)
    assert clients(tmp_path) == []
