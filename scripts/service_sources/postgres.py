"""A private PostgreSQL with TimescaleDB: created once, started, queried, stopped."""

import os
import secrets
import signal
from pathlib import Path

from service_sources.place import Place
from service_sources.ports import LOOPBACK
from service_sources.state import CHECKOUT, ServiceError, write_private

# The service's own role, which is also its database's name, and the superuser that owns the
# cluster.
ROLE = "pointerscope"
OWNER = "postgres"
GIVE = CHECKOUT / "deploy" / "role.sql"
PROC = Path("/proc")
# Durability (fsync, synchronous_commit, full_page_writes) is left at PostgreSQL's defaults.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "shared_preload_libraries": "timescaledb",
    "timescaledb.telemetry_level": "off",
    "max_connections": "200",
    "max_worker_processes": "32",  # Each database with the extension takes a worker.
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A cluster's first role always stays a superuser, so one of an earlier version is renamed. No role
# can rename itself.
HELPER = "pointerscope_helper"
_PASSWORD = "current_setting('pointerscope.password')"
RENAME = f"""
do $$ begin
    alter role {ROLE} rename to {OWNER};
    execute format('alter role {OWNER} password %L', current_setting('pointerscope.password'));
end $$
"""
# An interrupted renaming leaves a helper.
DATABASES = f"""
drop role if exists {HELPER};
select datname from pg_database
where datallowconn and not datistemplate and (datname = '{ROLE}' or datname !~ '^(postgres|test_)')
"""
VERSIONS = """
select 'PostgreSQL ' || split_part(current_setting('server_version'), ' ', 1)
    || ' with TimescaleDB ' || extversion || ' (' || current_setting('timescaledb.license') || ')'
from pg_extension where extname = 'timescaledb'
"""


class Postgres:
    """One cluster in one folder; its files are in the folder's `data`."""

    title = "PostgreSQL"

    def __init__(
        self, place: Place, folder: Path, port: int, password: str = "", owner_password: str = ""
    ) -> None:
        self.place, self.folder, self.port, self.password = place, folder, port, password
        self.owner_password = owner_password
        self._has_owner = False
        # Without passwords it is a throwaway server, whose only role is a superuser.
        self.first_role = OWNER if password else ROLE
        # Of a throwaway server: its address, and the port of the server that it replicates.
        self.address, self.original = LOOPBACK, None
        self.data = folder / "data"
        self._inside = place.inside(folder) / "data"

    @property
    def url(self) -> str:
        return f"postgres://{ROLE}:{self.password}@{LOOPBACK}:{self.port}/{ROLE}"

    @property
    def owner_url(self) -> str:
        return f"postgres://{OWNER}:{self.owner_password}@{LOOPBACK}:{self.port}/{ROLE}"

    def prepare(self) -> None:
        """Create the cluster if there is none, and remove what a crash left behind."""
        self.place.own(self.folder)
        if not (self.data / "PG_VERSION").exists():
            self._copy(self.original) if self.original else self._initdb()
        self._check_version()
        if not self.pid():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _initdb(self) -> None:
        locale = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        words = [
            self._program("initdb"),
            f"--pgdata={self._inside}",
            f"--username={self.first_role}",
        ]
        words += locale
        if not self.password:
            self.place.run(self.folder, *words, "--auth=trust")
            self._let_neighbours_in()
            return
        note = self.folder / f"password-{secrets.token_hex(4)}"
        write_private(note, self.owner_password)
        try:
            self.place.hand_over(note)
            pwfile = self.place.inside(self.folder) / note.name
            self.place.run(self.folder, *words, "--auth=scram-sha-256", f"--pwfile={pwfile}")
        finally:
            note.unlink()

    def _let_neighbours_in(self) -> None:
        """Let a throwaway server on another address than loopback trust its network."""
        if self.address != LOOPBACK:
            with (self.data / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet trust\nhost replication all samenet trust\n")

    def _copy(self, port: int) -> None:
        """Create a streaming replica of a throwaway server on this machine."""
        words = ["-h", LOOPBACK, "-p", str(port), "-U", ROLE, "-D", self._inside]
        more = ["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"]
        self.place.run(self.folder, self._program("pg_basebackup"), *words, *more)

    def _check_version(self) -> None:
        mine = (self.data / "PG_VERSION").read_text().strip()
        theirs = self.place.run(self.folder, self._program("postgres"), "--version").split()[2]
        if theirs.split(".")[0] != mine.split(".")[0]:
            raise ServiceError(
                f"{self.data} was made by PostgreSQL {mine}, and here is {theirs}; "
                "move that folder away (or delete it: `make clean-data`) to start anew"
            )

    def command(self) -> list[str]:
        """Return the command that runs the server in the foreground."""
        options = SETTINGS | {"port": str(self.port), "listen_addresses": self.address}
        words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        return self.place.command(
            self.folder, self._program("postgres"), "-D", self._inside, *words
        )

    def answers(self) -> bool:
        """Return whether it answers to our own password, which only our server accepts."""
        if not (self._lets_in(OWNER) or self._lets_in(ROLE)):
            return False
        # Ask again: the server may not yet have accepted anyone when the owner was asked.
        self._has_owner = self._lets_in(OWNER)
        return True

    def _lets_in(self, role: str) -> bool:
        try:
            return self._ask("postgres", "select 1", role=role) == "1"
        except ServiceError:
            return False

    def settle(self) -> None:
        """Create what a first start lacks: the database, the extension and the service's role.

        Call it once the server answers.
        """
        if not self._has_owner:
            self._rename_first_role()
        databases = self._ask("postgres", DATABASES).splitlines()
        if ROLE not in databases:
            self._ask("postgres", f"create database {ROLE}")
        for database in {ROLE, *databases}:
            self.give(database)

    def _rename_first_role(self) -> None:
        """Rename the first role of an older cluster, a superuser, to the owner."""
        create = f"create role {HELPER} superuser login"
        script = f"do $$ begin execute format('{create} password %L', {_PASSWORD}); end $$"
        self._ask("postgres", f"drop role if exists {HELPER}", role=ROLE)
        self._ask("postgres", script, role=ROLE, new_password=self.owner_password)
        self._ask("postgres", RENAME, role=HELPER, new_password=self.owner_password)

    def give(self, database: str) -> None:
        """Make the service's role the owner of the database and all its objects."""
        self._ask(database, GIVE.read_text(), new_password=self.password)

    def version(self) -> str:
        return self._ask(ROLE, VERSIONS)

    def pid(self) -> int | None:
        """Return the pid of a server that runs in our folder; a crash may leave a stale file."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            os.kill(pid, 0)
            ours = not PROC.exists() or (PROC / str(pid) / "cwd").samefile(self.data)
        except (FileNotFoundError, PermissionError, ProcessLookupError, ValueError, IndexError):
            return None
        return pid if ours else None

    def stop(self) -> bool:
        """Request a fast shutdown; return whether a server was running."""
        pid = self.pid()
        if pid:
            os.kill(pid, signal.SIGINT)
        return bool(pid)

    def is_gone(self) -> bool:
        return self.pid() is None

    def _program(self, name: str) -> Path:
        return self.place.postgres_bin / name

    def _ask(self, database: str, sql: str, *, role: str = OWNER, new_password: str = "") -> str:
        """Run SQL and return its result, without a password in the arguments."""
        where = ["-h", LOOPBACK, "-p", str(self.port), "-U", role, "-d", database]
        words = [self._program("psql"), "-X", "-q", "-A", "-t", *where, "-c", sql]
        password = self.password if role == ROLE else self.owner_password
        options = f"-c pointerscope.role={ROLE} -c pointerscope.password={new_password}"
        env = {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "3"}
        if new_password:
            env["PGOPTIONS"] = options
        return self.place.run(self.folder, *words, env=env)
