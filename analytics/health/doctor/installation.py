"""The doctor's checks of this machine: settings, versions, chart library and disk."""

import platform
import shutil
from collections.abc import Iterator
from datetime import datetime

import django
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import checks

from analytics.health.doctor.finding import FAIL, OK, WARN, Check, Finding

DISK_WARN, DISK_FAIL = 0.10, 0.02


def _settings(now: datetime) -> Iterator[Finding]:
    if settings.DEBUG:
        advice = "DEBUG=false wherever others reach the service"
        yield Finding("settings", WARN, "debug pages are on", advice)
    if "*" in settings.ALLOWED_HOSTS:
        advice = "name the hosts in ALLOWED_HOSTS"
        yield Finding("settings", WARN, "any host name is taken", advice)
    for said in settings.UNKNOWN_SETTINGS:
        yield Finding("settings", WARN, said, "docs/settings.md lists the settings")
    faults = [m for m in checks.run_checks() if m.level >= checks.WARNING and not m.is_silenced()]
    for fault in faults:
        yield Finding("settings", FAIL, f"{fault.id}: {fault.msg}", str(fault.hint or ""))
    if not settings.HTTPS:
        advice = "HTTPS=true where people come by a domain; right as it is on this machine alone"
        yield Finding("settings", WARN, "cookies go over plain HTTP", advice)
    if not faults:
        yield Finding("settings", OK, "read, and Django's own checks pass")


def _versions(now: datetime) -> Iterator[Finding]:
    python, ours = platform.python_version_tuple(), django.get_version()
    is_old = tuple(map(int, python[:2])) < (3, 11)
    advice = "install Python 3.11 or newer"
    level = FAIL if is_old else OK
    yield Finding("python", level, platform.python_version(), advice if is_old else "")
    is_other = not ours.startswith("5.2.")
    advice = "pip install --require-hashes -r requirements.lock"
    yield Finding("django", WARN if is_other else OK, ours, advice if is_other else "")


def _charts(now: datetime) -> Iterator[Finding]:
    if finders.find("vendor/apexcharts.min.js"):
        yield Finding("charts", OK, "the local copy of the chart library is there")
    else:
        advice = "npm ci --omit=dev, where browsers cannot reach the CDN"
        yield Finding("charts", WARN, "no local copy of the chart library", advice)


def _disk(now: datetime) -> Iterator[Finding]:
    usage = shutil.disk_usage(settings.BASE_DIR)
    free = usage.free / usage.total
    level = FAIL if free < DISK_FAIL else WARN if free < DISK_WARN else OK
    said = f"{usage.free / 1e9:,.1f} GB free on Pointerscope's disk ({free:.0%})"
    advice = "" if level == OK else "make room, or lower RAW_RETENTION_DAYS"
    yield Finding("disk", level, said, advice)


CHECKS: dict[str, Check] = {
    "settings": _settings,
    "versions": _versions,
    "charts": _charts,
    "disk": _disk,
}
