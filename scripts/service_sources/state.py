"""The state of a checkout's services, in its git-ignored state folder."""

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
# The same database, as its owner.
OWNER = "DATABASE_OWNER_URL"
BOTH = (DATABASE, REDIS)


class ServiceError(Exception):
    """A fault that a person has to resolve; the person sees only this text."""


def say(text: str) -> None:
    print(f"services: {text}", file=sys.stderr, flush=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, without ever leaving a partial one."""
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
    """Report a command's faults as one message without a traceback; Ctrl-C without a message."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except ServiceError as error:
        sys.exit(f"{name}: {error}")
    except PermissionError as error:
        sys.exit(
            f"{name}: {error.filename} belongs to another user; take it with chown, or delete it"
        )
    except OSError as error:
        sys.exit(f"{name}: {error.strerror}: {error.filename}")
    except KeyboardInterrupt:
        sys.exit(130)


def is_locked(file: Path) -> bool:
    """Return whether a running process holds a lock on the file."""
    try:
        with file.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        pass
    return False


def agreed(question: str, *, yes: bool) -> bool:
    """Return whether the person at the terminal agrees; `yes` is that answer given in advance."""
    if yes or not sys.stdin.isatty():
        return yes
    print(f"services: {question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def keep_private(folder: Path) -> None:
    """Create the folder if it is missing, and restrict it to its owner.

    An existing folder of POINTERSCOPE_STATE that we did not create keeps its permissions.
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
        """Let only one command at a time start or stop services."""
        with self.path("services.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another command is starting or stopping services; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            self.memory = self._recall()
            yield

    @property
    def in_use(self) -> bool:
        """Whether a run, a test or a backup uses the services."""
        return is_locked(self.path("services.users"))


class Users:
    """The commands that share the services: each holds a shared lock while it runs."""

    def __init__(self, state: State) -> None:
        self._lock = state.path("services.users").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_SH)

    def leave(self) -> bool:
        """Release this command's lock; return whether no other command holds one."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        finally:
            self._lock.close()
