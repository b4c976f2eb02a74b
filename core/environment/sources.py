"""The sources of settings: the environment, then `.env`, then a run of this checkout.

If a value is missing or bad, the process says all faults and ends here.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from dotenv import dotenv_values, load_dotenv

from core.environment.runs import UnclearRunError, find_run

REQUIRED = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL")
OF_A_RUN = (*REQUIRED, "STREAM_URL", "SERVICE_URL", "DATABASE_OWNER_URL")


def load_environment(*, checkout: Path) -> list[str]:
    """Complete this process's environment from `.env` and from a run of this checkout.

    The run only supplies what the other two lack. If the process needs a run and there are several,
    it ends with a line. Returns the names in `.env`.
    """
    port = os.environ.get("PORT", "")
    written = dotenv_values(checkout / ".env")
    for name, value in written.items():
        # `.env.example` has these names without a value; a run supplies one.
        if value or name not in OF_A_RUN:
            os.environ.setdefault(name, value or "")
    try:
        run = find_run(checkout / "var" / "runs", port=port)
    except UnclearRunError as error:
        if missing := [name for name in REQUIRED if not _is_given(name)]:
            stop(f"{', '.join(missing)}: not set, and {error}")
        run = None
    if run:
        load_dotenv(run)
    return list(written)


def say_faults(faults: Mapping[str, Sequence[str]]) -> str:
    """Return one line that names each wrong setting and its faults."""
    said = "; ".join(f"{name}: {' '.join(why)}" for name, why in faults.items())
    if any(not _is_given(name) for name in REQUIRED):
        return f"{said}; no `make run` of this checkout can supply them"
    return said


def _is_given(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def stop(fault: str) -> NoReturn:
    """End the process with one line, the same for all faults of settings."""
    sys.exit(f"Pointerscope cannot start. {fault} (docs/settings.md explains each setting)")
