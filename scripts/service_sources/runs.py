"""Tells `manage.py` the settings of a run, in a file that is locked until the run ends."""

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from service_sources.state import CHECKOUT, OWNER, is_locked, keep_private, open_private

# In the checkout, where manage.py looks (core/environment/runs.py), not in the state folder.
RUNS = CHECKOUT / "var" / "runs"
NAMES = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL", "STREAM_URL", "SERVICE_URL", OWNER)


@contextmanager
def told(command: str, port: int, env: Mapping[str, str]) -> Iterator[None]:
    """Let `manage.py` find this run within the block."""
    keep_private(RUNS)
    file = RUNS / f"{port}.env"
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open_private(fresh, "w") as run:
        # Locked before it is renamed, so that nobody takes it for a dead run's.
        fcntl.flock(run, fcntl.LOCK_EX)
        run.write(f"# {command}\n")
        run.writelines(f"{name}={env[name]}\n" for name in NAMES if env.get(name))
        run.flush()
        fresh.replace(file)
        try:
            yield
        finally:
            file.unlink(missing_ok=True)


def living() -> list[str]:
    """Return the current runs of this checkout, as `make run at port 8000`."""
    files = [file for file in sorted(RUNS.glob("*.env")) if is_locked(file)]
    return [f"{_command(file)} at port {file.stem}" for file in files]


def _command(file: Path) -> str:
    return file.read_text().partition("\n")[0].removeprefix("# ")
