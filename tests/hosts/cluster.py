"""The service on nine hosts, as tests/service.py runs it on one."""

import contextlib
import os
import secrets
import subprocess
import sys
from pathlib import Path

import psycopg2
import redis
import requests

from tests.faults.traffic import Attempt, Batch, Sender
from tests.hosts.network import Host, make_switch, remove_switch
from tests.patience import wait_until
from tests.service import BIN, ROOT, run_sql

SERVICES = ROOT / "scripts" / "services"
SWEEP_SECONDS = 5.0
SHARDS = 16
WEBS, WORKERS = ("web1", "web2"), ("worker1", "worker2", "worker3")
NUMBERS = {
    "database": 10,
    "redis": 20,
    "web1": 31,
    "web2": 32,
    "worker1": 41,
    "worker2": 42,
    "worker3": 43,
    "live": 51,
}


class Cluster:
    """Database, Redis, two web, three workers, and one live with Beat, by host name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        make_switch()
        self.hosts = {name: Host(number, folder) for name, number in NUMBERS.items()}
        address = {name: host.address for name, host in self.hosts.items()}
        self.database_url = f"postgres://pointerscope@{address['database']}:5432/postgres"
        self.redis_url = f"redis://{address['redis']}:6379/0"
        self.urls = [f"http://{address[name]}:8000" for name in WEBS]
        self.url = self.urls[0]
        self.environment = {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ALLOWED_HOSTS": ",".join(address.values()),
            "STREAM_URL": f"http://{address['live']}:8000",
            "SWEEP_SECONDS": str(SWEEP_SECONDS),
            "ROLLUP_SHARDS": str(SHARDS),
            "RUNGS": "1s,2s,4s",
            "STATUS_RETENTION_DAYS": "1000",
            "LOG_ON_PER_MINUTE": "100000",
            "INSTANCES_PER_DAY_PER_ADDRESS": "100000",
            "BATCHES_PER_MINUTE": "100000",
        }

    def __enter__(self) -> "Cluster":
        for name, kind, port in (("database", "postgres", 5432), ("redis", "redis", 6379)):
            where = ["--port", str(port), "--data", self.folder / name]
            words = [SERVICES, kind, *where, "--listen", self.hosts[name].address]
            self.hosts[name].start(name, words, self.environment)
        wait_until(self._servers_answer, seconds=60, what=f"the servers, see {self.folder}")
        migrate = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(migrate, cwd=ROOT, env=self.environment, check=True)
        for name in (*WEBS, *WORKERS, "live", "beat"):
            self.start(name)
        for name in (*WEBS, *WORKERS):
            self.wait_for(name)
        return self

    def __exit__(self, *_: object) -> None:
        for host in reversed(self.hosts.values()):
            host.close()
        remove_switch()

    def start(self, name: str) -> None:
        """Start the process of this host; Beat runs on the live process's host."""
        host = self.hosts["live" if name == "beat" else name]
        at = ["--host", host.address, "--port", "8000"]
        celery = [BIN / "celery", "--workdir", ROOT, "-A", "core"]
        words = {
            "web": [
                "env",
                f"PYTHONPATH={ROOT}",
                BIN / "python",
                "-m",
                "core.web.server",
                *at,
                "analytics.asgi:application",
            ],
            "live": [
                BIN / "uvicorn",
                *at,
                "--app-dir",
                ROOT,
                "--http",
                "core.web.http:Protocol",
                "dashboard.asgi:application",
            ],
            "worker": [*celery, "worker", "-l", "info", "-c", "1", "-n", f"{name}@%h"],
            "beat": [*celery, "beat", "-l", "info"],
        }
        host.start(name, words[name.rstrip("123")], self.environment)

    def wait_for(self, name: str) -> None:
        """Wait until a web or worker host works."""
        host = self.hosts[name]
        is_ready = {
            "web": lambda: answers(f"http://{host.address}:8000"),
            "worker": lambda: "ready." in host.log(name),
        }
        wait_until(is_ready[name.rstrip("123")], seconds=60, what=name)

    def restart(self, name: str) -> None:
        """Send SIGTERM to a process, and start it again when it has ended."""
        process = self.hosts["live" if name == "beat" else name].running[name]
        process.terminate()
        process.wait(30)
        self.start(name)
        if name in (*WEBS, *WORKERS):
            self.wait_for(name)

    def sql(self, statement: str, parameters: tuple = ()) -> list[tuple]:
        return run_sql(self.database_url, statement, parameters)

    def log_on(self) -> dict:
        return requests.post(f"{self.url}/api/v1/browsers/", timeout=10).json()

    def host_of(self, address: str) -> str:
        return next(name for name, host in self.hosts.items() if host.address == address)

    def _servers_answer(self) -> bool:
        with contextlib.suppress(psycopg2.OperationalError, redis.ConnectionError):
            psycopg2.connect(self.database_url).close()
            return bool(redis.Redis.from_url(self.redis_url).ping())
        return False


def answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(f"{url}/healthz", timeout=1).ok
    return False


class Roamer(Sender):
    """A client that knows both web hosts, and switches if one does not answer."""

    def attempt(self, batch: Batch, body: bytes | None = None) -> Attempt:
        attempt = super().attempt(batch, body)
        if attempt.status is None:
            here, there = self.service.urls
            if not self.path.startswith(here):
                here, there = there, here
            self.path = self.path.replace(here, there)
        return attempt
