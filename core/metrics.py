"""Prometheus metrics over all processes of a machine.

With METRICS_DIR every process keeps its numbers in files there, and each web process answers for
all of them. Without it, a process knows only its own. This module must be imported before any
metric is created.
"""

import os
import socket
import time
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    generate_latest,
    multiprocess,
    values,
)
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from core.environment.sources import stop

HOST = socket.gethostname().replace("_", "-")
GAUGES = "gauge_live*"
# A gauge of another host that was not touched for this long belongs to a dead process.
GAUGE_SECONDS = 30
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


_name = ""


def _take_name() -> None:
    """Name this process: containers that share the directory have equal pids, not host names."""
    global _name
    _name = f"{HOST}-{os.getpid()}"


_take_name()
# The name is needed at each count, too often to read the pid each time.
os.register_at_fork(after_in_child=_take_name)

if settings.METRICS_DIR:
    try:
        Path(settings.METRICS_DIR).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        stop(f"METRICS_DIR: {error.strerror}: {error.filename}")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = settings.METRICS_DIR
    values.ValueClass = values.MultiProcessValue(lambda: _name)

REQUESTS = Counter(
    "pointerscope_requests", "HTTP requests answered by web", ["route", "method", "status"]
)


def count_requests(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: count each answer by its route, because callers can invent any address."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        match = request.resolver_match
        count_request(
            route=match.route if match else "none",
            method=request.method or "",
            status=response.status_code,
        )
        return response

    return answer


def count_request(*, route: str, method: str, status: int) -> None:
    """Count an answer; `route` is the address's pattern."""
    _requests(route, method if method in METHODS else "other", status).inc()


# Cached, because finding a metric takes longer than counting, and there are few combinations.
_requests = cache(REQUESTS.labels)


def exposition(gauges: Collector) -> bytes:
    """Return all metrics in Prometheus' text format, with the current values of `gauges`."""
    counted = CollectorRegistry()
    if settings.METRICS_DIR:
        counted.register(_Files(Path(settings.METRICS_DIR)))
    read_now = CollectorRegistry()
    read_now.register(gauges)
    own = counted if settings.METRICS_DIR else REGISTRY
    return generate_latest(own) + generate_latest(read_now)


def touch_gauges() -> None:
    """Mark this process's gauges as current; other hosts omit those older than GAUGE_SECONDS."""
    if not settings.METRICS_DIR:
        return
    for file in Path(settings.METRICS_DIR).glob(f"{GAUGES}_{_name}.db"):
        os.utime(file)


class _Files:
    """The counts of all processes.

    The gauges of killed processes are left out. Their counters stay.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def collect(self) -> Iterable[Metric]:
        gone = {file for file in self.folder.glob(f"{GAUGES}_*.db") if not _is_alive(file)}
        files = [str(file) for file in self.folder.glob("*.db") if file not in gone]
        return multiprocess.MultiProcessCollector.merge(files)


def _is_alive(gauge: Path) -> bool:
    """Return whether a gauge's process is alive; pids of other containers cannot be checked."""
    host, _, pid = gauge.stem.rpartition("_")[2].rpartition("-")
    try:
        if host != HOST:
            return time.time() - gauge.stat().st_mtime < GAUGE_SECONDS
        os.kill(int(pid), 0)
    except (ProcessLookupError, FileNotFoundError):
        return False
    except (PermissionError, ValueError):
        pass
    return True
