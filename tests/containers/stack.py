"""The whole Compose file, started from a checkout as docs/deploy.md says."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.containers.engine import Engine
from tests.containers.timing import timed
from tests.patience import wait_until
from tests.service import ROOT, run_sql

DOMAIN = "localhost"
# An ordinary user of the machine.
USER = 1000
# These end by themselves.
ONCE = {"migrate", "grafana-login"}
AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"


def check_out(folder: Path) -> Path:
    """Copy the checkout as an ordinary user has it whose umask is 077."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.rstrip("\0").split("\0"):
        copy = folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
        os.chown(path, USER, USER)
    return folder


class Stack:
    """The containers, by the names of their services; callers reach it through its proxy."""

    url = f"https://{DOMAIN}"

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder

    def compose(self, *words: str, check: bool = True) -> str:
        return self.engine.docker("compose", *words, check=check).stdout

    def inside(self, service: str, *words: str) -> str:
        return self.compose("exec", "--no-TTY", service, *words)

    def start(self) -> None:
        """Configure and start everything, and trust the proxy's certificates from then on."""
        as_user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        configure = f"umask 077; deploy/configure {DOMAIN}"
        self.engine.inside(*as_user, "sh", "-ec", configure)
        with timed("up, with the build"):
            up = self.engine.docker("compose", "up", "--detach", "--build", check=False)
        assert up.returncode == 0, f"{up.stderr[-3000:]}\n{self.logs()}"
        with timed("from then until all are healthy"):
            self.wait_until_healthy()
        authority = self.folder / "authority.crt"
        authority.write_text(self.inside("proxy", "cat", AUTHORITY))
        os.environ["REQUESTS_CA_BUNDLE"] = str(authority)

    def logs(self) -> str:
        return self.compose("logs", "--no-color", "--tail=30")

    def clear(self) -> None:
        """Delete what an earlier or an interrupted run left."""
        self.compose("--file", "deploy/compose.yml", "--profile", "app", "down", "--volumes")

    def containers(self) -> list[dict]:
        """Return the project's containers as `docker inspect` tells of them."""
        project = "label=com.docker.compose.project=pointerscope"
        ids = self.engine.docker("ps", "--all", "--quiet", "--filter", project).stdout.split()
        return json.loads(self.engine.docker("inspect", *ids).stdout)

    def of(self, service: str) -> list[dict]:
        return [one for one in self.containers() if service_of(one) == service]

    def unhealthy(self) -> dict[str, str]:
        """Return the containers that are not as they should be, and what they are."""
        return {
            one["Name"]: told
            for one in self.containers()
            if (told := state(one)) != ("exited 0" if service_of(one) in ONCE else "healthy")
        }

    def wait_until_healthy(self, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while ill := self.unhealthy():
            assert time.monotonic() < deadline, f"{ill}\n{self.logs()}"
            time.sleep(1)

    def kill(self, service: str) -> None:
        """Kill a container's first process by SIGKILL; the engine starts the container again."""
        (container,) = self.of(service)[:1]
        pid = str(container["State"]["Pid"])
        self.engine.inside("sh", "-c", f"kill -KILL {pid}")
        restarts = container["RestartCount"]
        wait_until(
            lambda: any(
                one["Id"] == container["Id"] and one["RestartCount"] > restarts
                for one in self.of(service)
            ),
            seconds=30,
            what=f"{service} is started again",
        )

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings for a command of manage.py that runs beside the containers."""
        secrets = self.folder / "deploy" / "secrets"
        return {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": (secrets / "secret_key").read_text().strip(),
        }

    @property
    def database_url(self) -> str:
        """Return the database's address in the engine's network."""
        secret = (self.folder / "deploy" / "secrets" / "database_url").read_text().strip()
        (container,) = self.of("database")
        (network,) = container["NetworkSettings"]["Networks"].values()
        parts = urlsplit(secret)
        return secret.replace(f"@{parts.hostname}:", f"@{network['IPAddress']}:")

    def sql(self, statement: str, parameters: tuple = ()) -> list[tuple]:
        return run_sql(self.database_url, statement, parameters)

    def log_on(self) -> dict:
        return requests.post(f"{self.url}/api/v1/browsers/", timeout=15).json()


def service_of(container: dict) -> str:
    return container["Config"]["Labels"]["com.docker.compose.service"]


def state(container: dict) -> str:
    told = container["State"]
    if told["Status"] != "running":
        return f"{told['Status']} {told['ExitCode']}"
    return told.get("Health", {}).get("Status", "running")
