"""Source 3: PostgreSQL with the TimescaleDB library, and Redis, installed on this host."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from service_sources.place import Place

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


def host_place() -> Place | None:
    """Return the host's own programs, newest PostgreSQL first; None if something is missing."""
    postgres_bin = next(filter(_has_timescaledb, _postgres_bins()), None)
    redis_server = shutil.which("redis-server")
    if postgres_bin is None or redis_server is None:
        return None
    uid, gid = _server_user()
    return Place("of this host", Path("/"), uid, gid, postgres_bin, Path(redis_server))


def _postgres_bins() -> Iterator[Path]:
    versions = DEBIAN_POSTGRES.glob("[0-9]*")
    for version in sorted(versions, key=lambda path: float(path.name), reverse=True):
        yield version / "bin"
    pg_config = shutil.which("pg_config")
    if pg_config:
        yield Path(_ask(pg_config, "--bindir"))


def _has_timescaledb(postgres_bin: Path) -> bool:
    pg_config = postgres_bin / "pg_config"
    if not (postgres_bin / "postgres").exists():
        return False
    libraries = _ask(str(pg_config), "--pkglibdir") if pg_config.exists() else ""
    folder = Path(libraries or postgres_bin.parent / "lib")
    return any((folder / f"timescaledb.{kind}").exists() for kind in ("so", "dylib"))


def _ask(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()


def _server_user() -> tuple[int, int]:
    """Return the user of the servers: ourselves, or for root the user that packages created."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    return user.pw_uid, user.pw_gid
