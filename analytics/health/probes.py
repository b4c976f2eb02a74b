"""The probes for operators: readiness and metrics."""

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST

from analytics.health.gauges import Gauges
from analytics.health.readiness import CHECKS, check_readiness
from core.metrics import exposition
from core.web.operators import operators_only


@operators_only
def ready(request: HttpRequest) -> HttpResponse:
    """200 if every check passes, else 503; `?only=database,migrations` selects checks."""
    only = [name for name in request.GET.get("only", "").split(",") if name]
    if unknown := set(only) - set(CHECKS):
        reason = f"no such check: {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}\n"
        return HttpResponse(reason, status=400, content_type="text/plain")
    checks = check_readiness(now=timezone.now(), only=only)
    is_ready = all(facts["ok"] for facts in checks.values())
    body = msgspec.json.encode({"ready": is_ready, "checks": checks})
    return HttpResponse(body, status=200 if is_ready else 503, content_type="application/json")


@operators_only
def metrics(request: HttpRequest) -> HttpResponse:
    """Return all metrics of this machine's processes and of the database, for Prometheus."""
    return HttpResponse(exposition(Gauges(now=timezone.now())), content_type=CONTENT_TYPE_LATEST)
