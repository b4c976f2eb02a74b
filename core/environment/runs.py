"""Find the run of this checkout that `manage.py` works with.

`make run` and `make demo` write their settings into `var/runs/PORT.env`, and hold a lock on that
file until they end. A file without a lock was left by a run that was killed.
"""

import fcntl
from pathlib import Path


class UnclearRunError(Exception):
    """There are several runs, or not the requested one; the text lists the existing ones."""


def find_run(folder: Path, *, port: str = "") -> Path | None:
    """Return the file of the only run, or of the run at `port`; None if there is no run."""
    runs = {file.stem: file for file in sorted(folder.glob("*.env")) if _is_held(file)}
    if port in runs:
        return runs[port]
    if len(runs) > 1 or (runs and port):
        raise UnclearRunError(_said(runs, port))
    return next(iter(runs.values()), None)


def _is_held(file: Path) -> bool:
    try:
        with file.open() as run:
            fcntl.flock(run, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        # It has just ended, or is another user's.
        return False
    return False


def _said(runs: dict[str, Path], port: str) -> str:
    there = ", ".join(f"{_command(file)} at port {known}" for known, file in runs.items())
    wanted = f"no run is at port {port}; there is" if port else "several runs are here:"
    example = f"PORT={next(iter(runs))} python manage.py …"
    return f"{wanted} {there}. Name one: {example}"


def _command(file: Path) -> str:
    return file.read_text().partition("\n")[0].removeprefix("# ")
