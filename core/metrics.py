"""Counting for Prometheus, over all processes of a machine.

With METRICS_DIR every process keeps its numbers in files there, and the web process answers for
all of them; without it a process knows its own alone. This module must be imported before any
metric is made.
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
# A gauge that another host's process has not touched for so long is that of a dead process.
GAUGE_SECONDS = 30
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


_name = ""


def _take_name() -> None:
    """Containers that share the directory have the same pids, but not the same host name."""
    global _name
    _name = f"{HOST}-{os.getpid()}"


_take_name()
# It is asked for at each count, by far too often for a look at the pid.
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
    """Middleware: count each answer by its route, never by its address, which anybody makes up."""

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


# There are as many as routes, methods and statuses; finding one takes longer than counting.
_requests = cache(REQUESTS.labels)


def exposition(gauges: Collector) -> bytes:
    """Return all metrics in Prometheus' text format, those of `gauges` read now."""
    counted = CollectorRegistry()
    if settings.METRICS_DIR:
        counted.register(_Files(Path(settings.METRICS_DIR)))
    read_now = CollectorRegistry()
    read_now.register(gauges)
    own = counted if settings.METRICS_DIR else REGISTRY
    return generate_latest(own) + generate_latest(read_now)


def touch_gauges() -> None:
    """Show that this process lives; other hosts leave out what is older than GAUGE_SECONDS."""
    if not settings.METRICS_DIR:
        return
    for file in Path(settings.METRICS_DIR).glob(f"{GAUGES}_{_name}.db"):
        os.utime(file)


class _Files:
    """What all processes counted.

    A killed process cannot take its gauges back, so they are left out. Its counters stay.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def collect(self) -> Iterable[Metric]:
        gone = {file for file in self.folder.glob(f"{GAUGES}_*.db") if not _is_alive(file)}
        files = [str(file) for file in self.folder.glob("*.db") if file not in gone]
        return multiprocess.MultiProcessCollector.merge(files)


def _is_alive(gauge: Path) -> bool:
    """Whether the process lives that a gauge is of; another container's pid means nothing here."""
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
