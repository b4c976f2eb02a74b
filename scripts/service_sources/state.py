"""What a checkout remembers about its services, in its git-ignored state folder."""

import fcntl
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

CHECKOUT = Path(__file__).resolve().parents[2]
DATABASE = "DATABASE_URL"
REDIS = "REDIS_URL"
# The same database, as one who may do everything there.
OWNER = "DATABASE_OWNER_URL"
BOTH = (DATABASE, REDIS)


class ServiceError(Exception):
    """Something a person has to know or decide; its text is all that they get to see."""


def say(text: str) -> None:
    print(f"services: {text}", file=sys.stderr, flush=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, and never leave half of one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def open_private(path: Path, mode: str) -> TextIO:
    """Open a log that only its owner can read."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600))


@contextmanager
def plain_errors(name: str) -> Iterator[None]:
    """A command's faults in one clear message, without a traceback; Ctrl-C without a word."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except ServiceError as error:
        sys.exit(f"{name}: {error}")
    except PermissionError as error:
        sys.exit(
            f"{name}: {error.filename} is another user's; take it back with chown, or delete it"
        )
    except OSError as error:
        sys.exit(f"{name}: {error.strerror}: {error.filename}")
    except KeyboardInterrupt:
        sys.exit(130)


def is_locked(file: Path) -> bool:
    """Whether a living process holds a lock on the file."""
    try:
        with file.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def agreed(question: str, *, yes: bool) -> bool:
    """Whether the person at the terminal says yes; `yes` is that answer given beforehand."""
    if yes or not sys.stdin.isatty():
        return yes
    print(f"services: {question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def keep_private(folder: Path) -> None:
    """Make the folder if it is missing, and let only its owner use it.

    A folder of POINTERSCOPE_STATE that is not ours yet keeps its permissions.
    """
    ours = CHECKOUT / "var"
    for part in [ours] if ours in folder.parents else []:
        keep_private(part)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if is_new or folder == ours or (folder / "services.json").exists():
        with suppress(PermissionError):
            folder.chmod(0o700)


class State:
    """The state folder: ports and passwords, the log files, and two locks."""

    def __init__(self, folder: Path | None = None) -> None:
        named = folder or os.environ.get("POINTERSCOPE_STATE") or CHECKOUT / "var"
        self.folder = Path(named).absolute()
        keep_private(self.folder)
        self.memory: dict[str, Any] = self._recall()

    def path(self, name: str) -> Path:
        return self.folder / name

    def _recall(self) -> dict[str, Any]:
        file = self.path("services.json")
        return json.loads(file.read_text()) if file.exists() else {}

    def remember(self, **facts: Any) -> None:
        self.memory = self._recall() | facts
        write_private(self.path("services.json"), json.dumps(self.memory, indent=2) + "\n")

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Only one command at a time starts or stops services."""
        with self.path("services.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another command is starting or stopping them; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            self.memory = self._recall()
            yield

    @property
    def in_use(self) -> bool:
        """Whether a run, a test or a backup holds the services."""
        return is_locked(self.path("services.users"))


class Users:
    """The `run`s that share the services: each holds a shared lock for as long as it lives."""

    def __init__(self, state: State) -> None:
        self._lock = state.path("services.users").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Give up this run's share; true when no other run holds one."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        finally:
            self._lock.close()
