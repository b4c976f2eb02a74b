"""A private PostgreSQL with TimescaleDB: made once, started, asked, stopped."""

import os
import secrets
import signal
from pathlib import Path

from service_sources.place import Place
from service_sources.ports import LOOPBACK
from service_sources.state import CHECKOUT, ServiceError, write_private

# The service's own role and its database; and who owns the cluster, and alone may do everything.
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
    "max_worker_processes": "32",  # Every database with the extension takes a worker of its own.
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# A cluster's first role stays a superuser for good, so one of an earlier version is renamed. No
# role can rename itself.
HELPER = "pointerscope_helper"
_PASSWORD = "current_setting('pointerscope.password')"
RENAME = f"""
do $$ begin
    alter role {ROLE} rename to {OWNER};
    execute format('alter role {OWNER} password %L', current_setting('pointerscope.password'));
end $$
"""
# A helper is left where an earlier renaming was cut short.
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
        # Without passwords it is a throwaway, whose one role may do everything.
        self.first_role = OWNER if password else ROLE
        # A throwaway's: the address it listens on, and the port of the one that it replicates.
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
        """Make the cluster where there is none yet, and clear away what a crash left behind."""
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
        if not (self._lets_in(OWNER) or self._lets_in(ROLE)):
            return False
        # Once more: the server may have let nobody in yet when the owner was asked.
        self._has_owner = self._lets_in(OWNER)
        return True

    def _lets_in(self, role: str) -> bool:
        try:
            return self._ask("postgres", "select 1", role=role) == "1"
        except ServiceError:
            return False

    def settle(self) -> None:
        """Make what a first start has not made: the database, the extension, the service's role.

        Called once it answers.
        """
        if not self._has_owner:
            self._rename_first_role()
        databases = self._ask("postgres", DATABASES).splitlines()
        if ROLE not in databases:
            self._ask("postgres", f"create database {ROLE}")
        for database in {ROLE, *databases}:
            self.give(database)

    def _rename_first_role(self) -> None:
        """Make the first role of a cluster of earlier versions, a superuser, its owner."""
        create = f"create role {HELPER} superuser login"
        script = f"do $$ begin execute format('{create} password %L', {_PASSWORD}); end $$"
        self._ask("postgres", f"drop role if exists {HELPER}", role=ROLE)
        self._ask("postgres", script, role=ROLE, new_password=self.owner_password)
        self._ask("postgres", RENAME, role=HELPER, new_password=self.owner_password)

    def give(self, database: str) -> None:
        """Make the database the service's role's, with all that is in it."""
        self._ask(database, GIVE.read_text(), new_password=self.password)

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

    def _ask(self, database: str, sql: str, *, role: str = OWNER, new_password: str = "") -> str:
        """Run SQL and return what it selects; a password is in no list of processes."""
        where = ["-h", LOOPBACK, "-p", str(self.port), "-U", role, "-d", database]
        words = [self._program("psql"), "-X", "-q", "-A", "-t", *where, "-c", sql]
        password = self.password if role == ROLE else self.owner_password
        options = f"-c pointerscope.role={ROLE} -c pointerscope.password={new_password}"
        env = {"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "3"}
        if new_password:
            env["PGOPTIONS"] = options
        return self.place.run(self.folder, *words, env=env)
