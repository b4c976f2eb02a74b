"""A private PostgreSQL with TimescaleDB: made once, started, asked, stopped."""

import os
import secrets
import signal
from pathlib import Path

from service_sources.place import Place
from service_sources.ports import LOOPBACK
from service_sources.state import ServiceError, write_private

ROLE = "pointerscope"
PROC = Path("/proc")
# Durability (fsync, synchronous_commit, full_page_writes) is left at PostgreSQL's defaults.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "max_connections": "200",
    "max_worker_processes": "32",  # Every database with the extension takes a worker of its own.
    "timezone": "UTC",
    "log_timezone": "UTC",
}
VERSIONS = """
select 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)
    || ' with TimescaleDB ' || extversion || ' (' || current_setting('timescaledb.license') || ')'
from pg_extension where extname = 'timescaledb'
"""


class Postgres:
    """One cluster in one folder; its files are in the folder's `data`."""

    title = "PostgreSQL"

    def __init__(self, place: Place, folder: Path, port: int, password: str = "") -> None:
        self.place, self.folder, self.port, self.password = place, folder, port, password
        # A throwaway's: the address it listens on, and the port of the one that it replicates.
        self.address, self.original = LOOPBACK, None
        self.data = folder / "data"
        self._inside = place.inside(folder) / "data"

    @property
    def url(self) -> str:
        secret = f":{self.password}" if self.password else ""
        return f"postgres://{ROLE}{secret}@{LOOPBACK}:{self.port}/{ROLE}"

    def prepare(self) -> None:
        """Make the cluster where there is none yet, and clear away what a crash left behind."""
        self.place.own(self.folder)
        if not (self.data / "PG_VERSION").exists():
            self._copy(self.original) if self.original else self._initdb()
        self._check_version()
        if not self.pid():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _initdb(self) -> None:
        locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        words = [self._program("initdb"), f"--pgdata={self._inside}", f"--username={ROLE}", *locale]
        if not self.password:
            self.place.run(self.folder, *words, "--auth=trust")
            self._let_neighbours_in()
            return
        note = self.folder / f"password-{secrets.token_hex(4)}"
        write_private(note, self.password)
        try:
            self.place.hand_over(note)
            pwfile = self.place.inside(self.folder) / note.name
            self.place.run(self.folder, *words, "--auth=scram-sha-256", f"--pwfile={pwfile}")
        finally:
            note.unlink()

    def _let_neighbours_in(self) -> None:
        """A throwaway on another address than loopback trusts the network that it is in."""
        if self.address != LOOPBACK:
            with (self.data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet trust\nhost replication all samenet trust\n")

    def _copy(self, port: int) -> None:
        """Become a streaming replica of a throwaway on this machine."""
        words = ["-h", LOOPBACK, "-p", str(port), "-U", ROLE, "-D", self._inside]
        more = ["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"]
        self.place.run(self.folder, self._program("pg_basebackup"), *words, *more)

    def _check_version(self) -> None:
        mine = (self.data / "PG_VERSION").read_text().strip()
        theirs = self.place.run(self.folder, self._program("postgres"), "--version").split()[2]
        if theirs.split(".")[0] != mine.split(".")[0]:
            raise ServiceError(
                f"{self.data} was made by PostgreSQL {mine}, and here is {theirs}; "
                "move that folder away (or delete it: `make clean-data`) to start afresh"
            )

    def command(self) -> list[str]:
        """The server in the foreground."""
        options = SETTINGS | {"port": str(self.port), "listen_addresses": self.address}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return self.place.command(
            self.folder, self._program("postgres"), "-D", self._inside, *words
        )

    def answers(self) -> bool:
        """Asked with our own password: so nobody else's server can pass for ours."""
        try:
            return self._ask("postgres", "select 1") == "1"
        except ServiceError:
            return False

    def settle(self) -> None:
        """Make the database where a first start has not come so far."""
        exists = self._ask("postgres", f"select 1 from pg_database where datname = '{ROLE}'")
        if not exists:
            self._ask("postgres", f"create database {ROLE}")
        self._ask(ROLE, "create extension if not exists timescaledb")

    def version(self) -> str:
        return self._ask(ROLE, VERSIONS)

    def pid(self) -> int | None:
        """The pid of a server that really runs in our folder; after a crash the file may lie."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
            ours = not PROC.exists() or (PROC / str(pid) / "cwd").samefile(self.data)
        except (FileNotFoundError, PermissionError, ProcessLookupError, ValueError, IndexError):
            return None
        return pid if ours else None

    def stop(self) -> bool:
        """Ask for a fast shutdown; true when there was a server to ask."""
        pid = self.pid()
        if pid:
            os.kill(pid, signal.SIGINT)
        return bool(pid)

    def is_gone(self) -> bool:
        return self.pid() is None

    def _program(self, name: str) -> Path:
        return self.place.postgres_bin / name

    def _ask(self, database: str, sql: str) -> str:
        where = ["-h", LOOPBACK, "-p", str(self.port), "-U", ROLE, "-d", database]
        words = [self._program("psql"), "-X", "-q", "-A", "-t", *where, "-c", sql]
        env = {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "3"}
        return self.place.run(self.folder, *words, env=env)
