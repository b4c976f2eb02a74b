"""Counting for Prometheus, over all processes of a machine.

With METRICS_DIR every process keeps its numbers in files there, and the web process answers for
all of them; without it a process knows its own alone. This module must be imported before any
metric is made.
"""

import os
import socket
from collections.abc import Callable
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
from prometheus_client.registry import Collector

HOST = socket.gethostname().replace("_", "-")
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
    Path(settings.METRICS_DIR).mkdir(parents=True, exist_ok=True)
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
        _forget_the_dead(Path(settings.METRICS_DIR))
        multiprocess.MultiProcessCollector(counted, settings.METRICS_DIR)
    read_now = CollectorRegistry()
    read_now.register(gauges)
    own = counted if settings.METRICS_DIR else REGISTRY
    return generate_latest(own) + generate_latest(read_now)


def _forget_the_dead(folder: Path) -> None:
    """A killed process cannot take its gauges back; its counters stay, as they must."""
    for file in folder.glob(f"gauge_live*_{HOST}-*.db"):
        pid = file.stem.rpartition("-")[2]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            multiprocess.mark_process_dead(f"{HOST}-{pid}", str(folder))
        except (PermissionError, ValueError):
            continue
