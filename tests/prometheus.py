"""A real Prometheus with the configuration of deploy/prometheus, which scrapes a test's service."""

import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from tests.patience import wait_until
from tests.service import ROOT, free_port

CONFIGURATION = ROOT / "deploy" / "prometheus"


def program(name: str) -> str:
    """Return the path of promtool or prometheus; skip the test if there is none."""
    words = [ROOT / "scripts" / "promtool", name]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    if not found.stdout.strip():
        pytest.skip(found.stderr.strip())
    return found.stdout.strip()


class Prometheus:
    """The shipped configuration and rules, with another target and a scrape each second."""

    def __init__(self, folder: Path, *, target: str) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        configuration = yaml.safe_load((CONFIGURATION / "prometheus.yml").read_text())
        configuration["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        configuration["rule_files"] = [str(CONFIGURATION / "rules.yml")]
        (job,) = configuration["scrape_configs"]
        job |= {"scrape_timeout": "1s", "static_configs": [{"targets": [target]}]}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))

    def __enter__(self) -> "Prometheus":
        words = [
            program("prometheus"),
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
        ]
        with (self.folder / "prometheus.log").open("wb") as log:
            self._process = subprocess.Popen(words, stdout=log, stderr=log)
        wait_until(partial(self.has, "up"), seconds=30, what=f"a scrape, see {self.folder}")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(15)

    def ask(self, path: str, **parameters: str) -> Any:
        """Return the data of its API's answer."""
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=10)
        return answer.json()["data"]

    def has(self, query: str) -> bool:
        """Return whether a query finds a series now; False if it does not answer."""
        try:
            return bool(self.ask("query", query=query)["result"])
        except requests.RequestException:
            return False

    def error_of(self, query: str) -> str | None:
        """Return why a query has no answer, or None if it has one."""
        parameters = {"query": query}
        answer = requests.get(f"{self.url}/api/v1/query", params=parameters, timeout=10)
        return answer.json().get("error")

    def states(self) -> dict[str, str]:
        """Return each alarm's state: inactive, pending or firing."""
        groups = self.ask("rules")["groups"]
        return {rule["name"]: rule["state"] for group in groups for rule in group["rules"]}
