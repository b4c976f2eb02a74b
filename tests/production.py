"""The service as its image runs it: the start commands, with production settings."""

import os
import secrets
import subprocess
from pathlib import Path

import requests

from tests import image
from tests.patience import wait_until
from tests.pointer import Pointer
from tests.service import BIN, SWEEP_SECONDS, Service, free_port

PROCESSES = ("web", "live", "worker", "beat")
DOMAIN = "pointerscope.localhost"
# The headers of the proxy, which ends TLS.
PROXIED = {"Host": DOMAIN, "X-Forwarded-Proto": "https"}


class Production(Service):
    """The image's start commands, from its own files, with secrets in files as in containers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.migrates = True
        self.probe_port = free_port()
        self.tree = folder / "image"
        image.lay_out(self.tree)
        names = ("migrate", *PROCESSES)
        self.commands |= {name: [self.tree / "deploy" / "start", name] for name in names}
        self.environment = {
            **image.environment(),
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "LISTEN": "127.0.0.1",
            "PORT": str(self.port),
            "LIVE_PORT": str(self.live_port),
            "PROBE_PORT": str(self.probe_port),
            "SWEEP_SECONDS": str(SWEEP_SECONDS),
            "BEAT_PULSE": str(folder / "beat.pulse"),
            "PROBE_PASSED": str(folder / "probe.passed"),
            "METRICS_DIR": str(folder / "metrics"),
            "WORKER_PROCESSES": "1",
            "ALLOWED_HOSTS": DOMAIN,
            "HTTPS": "true",
            "TRUSTED_PROXIES": "1",
            **self.secrets(folder),
        }

    def __enter__(self) -> "Production":
        super().__enter__()
        # As after deploy/database-role: the service's own role creates Grafana's login.
        self.administer(f'alter role "{self.database}" createrole')
        return self

    def secrets(self, folder: Path) -> dict[str, str]:
        values = {
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
        }
        for name, value in values.items():
            (folder / name).write_text(f"{value}\n")
        return {f"{name}_FILE": str(folder / name) for name in values}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.tree / words[0], *words[1:]],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def log_on(self) -> dict:
        return ask(self, "/api/v1/browsers/", "POST").json()

    def move(self) -> Pointer:
        """Log a pointer on, send three samples, and return it once they are rolled up."""
        pointer = Pointer(self)
        pointer.session.headers.update(PROXIED)
        pointer.send(0, 1, 2)
        wait_until(self.is_rolled_up)
        return pointer

    def _is_ready(self, name: str) -> bool:
        if name in ("web", "live"):
            return self.run("deploy/healthy", name).returncode == 0
        return super()._is_ready(name)


def ask(service: Service, path: str, method: str = "GET", **headers: str) -> requests.Response:
    return requests.request(
        method,
        f"{service.url}{path}",
        headers={**PROXIED, **headers},
        timeout=10,
        allow_redirects=False,
    )
