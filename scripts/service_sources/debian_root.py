"""Source 4: a root folder with Debian's PostgreSQL, TimescaleDB and Redis, built once and cached.

Debian 12 has no TimescaleDB, and Debian 13's library needs a newer libc, so the folder contains
both. All checkouts of a user share it, and nothing writes to it.
"""

import fcntl
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import TextIO

from service_sources.place import Place
from service_sources.state import ServiceError, State, open_private, say

# Raise the last number whenever the recipe below changes; old folders are then ignored.
NAME = "debian-trixie-postgresql-17-timescaledb-1"
PACKAGES = "postgresql-17-timescaledb,redis-server"
POSTGRES_BIN = Path("/usr/lib/postgresql/17/bin")
REDIS_SERVER = Path("/usr/bin/redis-server")
# A user id that no other program on the host uses, so that nobody else can read the data.
UID = 57432
NEEDED = (
    POSTGRES_BIN / "postgres",
    REDIS_SERVER,
    Path("/usr/lib/postgresql/17/lib/timescaledb.so"),
    Path("/etc/pointerscope-root-is-whole"),
)


def can_have_root() -> bool:
    """Return whether a cached folder or the tools to build one exist, and the tools to enter it."""
    way_in = ["sh", "mount", "unshare", *(["chroot"] if os.geteuid() == 0 else [])]
    if not all(shutil.which(name) for name in way_in):
        return False
    if _is_whole(_cache() / NAME):
        return True
    installable = os.geteuid() == 0 and shutil.which("apt-get")
    return _is_debian() and bool(shutil.which("mmdebstrap") or installable)


def root_place() -> Place:
    said, root = "in a private Debian root", _cache() / NAME
    return Place(said, root, UID, UID, POSTGRES_BIN, REDIS_SERVER)


def built_root(state: State) -> Place:
    place = root_place()
    if not _is_whole(place.root):
        _build(place.root, state.path("debian-root.log"))
    return place


def _cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "pointerscope"


def _is_whole(root: Path) -> bool:
    files = (root / path.relative_to("/") for path in NEEDED)
    return all(file.exists() and file.stat().st_size for file in files)


def _is_debian() -> bool:
    release = Path("/etc/os-release")
    return release.exists() and "debian" in release.read_text().lower()


def _build(root: Path, log: Path) -> None:
    """Build beside the cached folder and rename, so that an interrupted build leaves no trace."""
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_suffix(".lock").open("w") as lock, open_private(log, "w") as notes:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_whole(root):
            return
        say(f"building a Debian folder with TimescaleDB in {root.parent}, once: about a minute")
        fresh, archive = root.with_suffix(".building"), root.with_suffix(".tar")
        try:
            _remove(fresh)
            _remove(root)
            _bootstrap(archive, notes)
            _unpack(archive, fresh, notes)
            fresh.rename(root)
        finally:
            archive.unlink(missing_ok=True)
            _remove(fresh)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _bootstrap(archive: Path, notes: TextIO) -> None:
    if not shutil.which("mmdebstrap"):
        say("  installing mmdebstrap")
        _logged(["apt-get", "update"], notes)
        _logged(["apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap"], notes)
    account = f'chroot "$1" useradd --uid {UID} --user-group --home-dir /mnt pointerscope'
    whole = f'touch "$1{NEEDED[-1]}" && echo yes > "$1{NEEDED[-1]}"'
    hooks = [f"--customize-hook={account}", f"--customize-hook={whole}"]
    wanted = ["--variant=essential", f"--include={PACKAGES}", *hooks]
    _logged(["mmdebstrap", *wanted, "trixie", str(archive)], notes)


def _unpack(archive: Path, folder: Path, notes: TextIO) -> None:
    """Unpack it ourselves, so that we own it even without root: no device files, no setuid."""
    folder.mkdir()
    say("  unpacking")
    where = ["--file", str(archive), "--directory", str(folder), "--exclude=./dev/*"]
    _logged(["tar", "--extract", *where], notes)


def _logged(argv: list[str], notes: TextIO) -> None:
    """Run one step of the build: the log gets its output, the terminal its headlines."""
    step = subprocess.Popen(
        argv,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        _follow(step.stdout, notes)
    except KeyboardInterrupt:
        # It unmounts and deletes its files on SIGTERM, which must finish.
        os.killpg(step.pid, signal.SIGTERM)
        notes.write(step.communicate()[0])
        raise
    if step.wait() != 0:
        raise ServiceError(
            f"{argv[0]} could not build the folder with TimescaleDB (is there a network?); "
            f"its output is in {notes.name}"
        )


def _follow(lines: TextIO, notes: TextIO) -> None:
    for line in lines:
        notes.write(line)
        if line.startswith("I: "):
            say(f"  {line[3:].strip()}")
