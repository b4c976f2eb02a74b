"""The whole service as real processes, with its own database and Redis, for one test run."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg2
import redis
import requests
from django.contrib.auth.hashers import make_password

from tests.databases import ROOT, Sessions, clone, give, run_sql
from tests.patience import wait_until

BIN = Path(sys.executable).parent
SWEEP_SECONDS = 1.0

DATABASES = ("postgres", "replica")
CREATE_STAFF = """
insert into auth_user (username, password, is_superuser, is_staff, is_active, date_joined,
                       first_name, last_name, email)
values (%(name)s, %(password)s, true, true, true, now(), '', '', '')
"""
PARTS = ("redis", "web", "live", "worker", "beat")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Service:
    """Web, worker and Beat, started and stopped by name; their logs are in `folder`.

    With `own_database` it also has its own PostgreSQL, from the same programs (scripts/services),
    with its data in `folder/postgres`; that server may be stopped.
    """

    def __init__(self, folder: Path, *, own_database: bool = False, **settings: str) -> None:
        self.folder = folder
        self.processes: dict[str, subprocess.Popen] = {}
        # Environment variables of single processes.
        self.special: dict[str, dict[str, str]] = {}
        self.database_port, self.replica_port = free_port(), free_port()
        self.own_database = own_database
        # Whether it migrates its own database by the command.
        self.migrates = own_database
        self.admin_url = os.environ["DATABASE_URL"]
        if own_database:
            self.admin_url = f"postgres://pointerscope@127.0.0.1:{self.database_port}/postgres"
        self.database = f"test_service_{secrets.token_hex(4)}"
        owner = urlsplit(self.admin_url)._replace(path=f"/{self.database}")
        self.owner_url = owner.geturl()
        self.sessions = Sessions(self.owner_url)
        # The service has an ordinary role, named like its database.
        self.password = secrets.token_hex(16)
        host = owner.netloc.rpartition("@")[2]
        service = owner._replace(netloc=f"{self.database}:{self.password}@{host}")
        self.database_url = service.geturl()
        self.redis_port, self.port, self.live_port = free_port(), free_port(), free_port()
        replica = urlsplit(self.database_url)._replace(
            netloc=f"pointerscope@127.0.0.1:{self.replica_port}"
        )
        self.replica_url = replica.geturl()
        self.redis_url = f"redis://127.0.0.1:{self.redis_port}/0"
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.owner_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "STREAM_URL": f"http://127.0.0.1:{self.live_port}",
            "SWEEP_SECONDS": str(SWEEP_SECONDS),
            "METRICS_DIR": str(folder / "metrics"),
            # All tests log on from one address.
            "LOG_ON_PER_MINUTE": "100000",
            "INSTANCES_PER_DAY_PER_ADDRESS": "100000",
            "WEB_THREADS": "8",
            **settings,
        }
        web = [sys.executable, "-m", "core.web.server", "--port", str(self.port)]
        web += ["--workers", self.environment.get("WEB_WORKERS", "1")]
        live = [BIN / "uvicorn", "--http", "core.web.http:Protocol", "--ws", "none"]
        live += ["--timeout-graceful-shutdown", "5"]
        worker = [BIN / "celery", "-A", "core", "worker", "-l", "info"]
        services = ROOT / "scripts" / "services"
        postgres = ["--port", str(self.database_port), "--data", folder / "postgres"]
        replica = ["--port", str(self.replica_port), "--data", folder / "replica"]
        replica += ["--replica-of", str(self.database_port)]
        redis_server = ["--port", str(self.redis_port), "--data", folder / "redis"]
        self.commands = {
            "migrate": [sys.executable, "manage.py", "migrate", "-v0"],
            "postgres": [services, "postgres", *postgres],
            "replica": [services, "postgres", *replica],
            "redis": [services, "redis", *redis_server],
            "web": [*web, "analytics.asgi:application"],
            "live": [*live, "--port", str(self.live_port), "dashboard.asgi:application"],
            "worker": [*worker, "-c", "2"],
            "second worker": [*worker, "-c", "2", "-n", "second@%h"],
            "beat": [BIN / "celery", "-A", "core", "beat", "-l", "info"],
            "second beat": [BIN / "celery", "-A", "core", "beat", "-l", "info"],
        }

    def __enter__(self) -> "Service":
        if self.own_database:
            self.start("postgres")
        if self.migrates:
            self.administer(f'create database "{self.database}"')
            give(self.owner_url, self.database, self.password)
            subprocess.run(self.commands["migrate"], cwd=ROOT, env=self.environment, check=True)
        else:
            clone(self.admin_url, self.database)
            give(self.owner_url, self.database, self.password)
        self.start_missing()
        return self

    def __exit__(self, *_: object) -> None:
        self.sessions.close()
        # Redis and the databases end after their users.
        last = [name for name in ("redis", "replica", "postgres") if name in self.processes]
        self.stop(*(self.processes.keys() - last))
        for name in last:
            self.stop(name, how=signal.SIGQUIT if name in DATABASES else signal.SIGTERM)
        if not self.own_database:
            self.administer(f'drop database "{self.database}" with (force)')
            self.administer(f'drop role "{self.database}"')

    def start_missing(self) -> None:
        """Start the service's processes that do not run."""
        missing = [name for name in PARTS if not self._runs(name)]
        # The worker would wait a second for a Redis that does not run yet.
        if "redis" in missing:
            self.start("redis")
        self.start(*(name for name in missing if name != "redis"))

    def start(self, *names: str) -> None:
        """Start processes in parallel and wait until each works."""
        (self.folder / "redis").mkdir(exist_ok=True)
        for name in names:
            self._launch(name)
        for name in names:
            ready = partial(self._is_ready, name)
            wait_until(ready, seconds=60, what=f"{name}, see {self.folder}")

    def _runs(self, name: str) -> bool:
        return name in self.processes and self.processes[name].poll() is None

    def _launch(self, name: str) -> None:
        log = (self.folder / f"{name}.log").open("wb")
        self.processes[name] = subprocess.Popen(
            self.commands[name],
            cwd=ROOT,
            env=self.environment | self.special.get(name, {}),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

    def stop(self, *names: str, how: signal.Signals = signal.SIGTERM) -> None:
        """Send a signal to the processes (to whole groups for SIGKILL) and wait for their end."""
        ending = {name: self.processes.pop(name) for name in names}
        for process in ending.values():
            if how == signal.SIGKILL:
                os.killpg(process.pid, how)
            else:
                process.send_signal(how)
        for name, process in ending.items():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGABRT)
                raise AssertionError(f"{name} does not end:\n{self.log(name)[-3000:]}") from None

    def sql(self, statement: str, parameters: tuple | dict = ()) -> list[tuple]:
        """Run a statement as the database's owner."""
        return self.sessions.run(statement, parameters)

    def is_rolled_up(self, rung: int = 1000) -> bool:
        """Return whether no mark waits for a rung (ms); the higher ones depend on Beat."""
        waiting = "select count(*) from analytics_dirtyrange where rung = %s"
        return self.sql(waiting, (rung,)) == [(0,)]

    def log_on(self) -> dict:
        return requests.post(f"{self.url}/api/v1/browsers/", timeout=10).json()

    def create_staff(self, name: str, password: str) -> None:
        """Create a superuser's login."""
        self.sql(CREATE_STAFF, {"name": name, "password": make_password(password)})

    def make_api_key(self, name: str) -> str:
        """Make an API key of a member of staff; return its text."""
        command = [sys.executable, "manage.py", "api_key", "create", name, "a test"]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def log(self, name: str) -> str:
        """Return the output of the process since its last start."""
        return (self.folder / f"{name}.log").read_text()

    def redis(self) -> redis.Redis:
        return redis.Redis.from_url(self.redis_url)

    def children(self, name: str) -> list[psutil.Process]:
        return psutil.Process(self.processes[name].pid).children(recursive=True)

    def _is_ready(self, name: str) -> bool:
        if self.processes[name].poll() is not None:
            raise AssertionError(f"{name} ended unexpectedly: {self.log(name)[-2000:]}")
        match name:
            case "postgres" | "replica":
                url = self.admin_url if name == "postgres" else self.replica_url
                with contextlib.suppress(psycopg2.OperationalError):
                    psycopg2.connect(url).close()
                    return True
            case "redis":
                with contextlib.suppress(redis.ConnectionError):
                    return bool(self.redis().ping())
            case "web":
                with contextlib.suppress(requests.RequestException):
                    return requests.get(f"{self.url}/healthz", timeout=1).ok
            case "live":
                with contextlib.suppress(requests.RequestException):
                    requests.get(f"http://127.0.0.1:{self.live_port}/", timeout=1)
                    return True
            case "worker" | "second worker":
                return "ready." in self.log(name)
            case _:
                return "beat: Starting..." in self.log(name)
        return False

    def administer(self, statement: str) -> None:
        run_sql(self.admin_url, statement)
