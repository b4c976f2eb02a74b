"""The machine of the measurements."""

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil
from django.db import connection

from tests.service import ROOT

CORES = len(os.sched_getaffinity(0))
PACKAGES = ("django", "djangorestframework", "uvicorn", "psycopg2-binary", "celery", "msgspec")


def describe() -> dict[str, str]:
    """Return the facts for a comparison with another machine."""
    with connection.cursor() as cursor:
        cursor.execute("select split_part(version(), ' ', 2), current_setting('fsync')")
        ((postgres, fsync),) = cursor.fetchall()
        cursor.execute(
            "select default_version from pg_available_extensions where name = 'timescaledb'"
        )
        ((timescale,),) = cursor.fetchall()
    return {
        "processor": f"{_processor()}, {CORES} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "database": f"PostgreSQL {postgres} with TimescaleDB {timescale}, fsync {fsync}",
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
        "commit": _commit(),
        "load before the run": f"{os.getloadavg()[0]:.1f} (other load makes ratios less certain)",
    }


def _processor() -> str:
    found = re.search("model name\t: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty"]
    told = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"
