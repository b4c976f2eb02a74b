"""A pointer outside the service: it logs on, sends and reads through the API alone."""

import time
from typing import Any

import requests

from tests.service import Service


class Pointer:
    """A browser instance that moves 3 px to the right and 4 px down with every sample."""

    def __init__(self, service: Service) -> None:
        self.service = service
        me = service.log_on()
        self.instance_id, self.stream_url = me["instance_id"], me["stream_url"]
        self.url = f"{service.url}/api/v1/browsers/{self.instance_id}/"
        self.base_ms = int(time.time() - 10) * 1000
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {me['write_token']}"

    def send(self, *seqs: int) -> requests.Response:
        """Send a sample for each seq; all are in one bucket of some seconds ago."""
        events = [{"time": self.base_ms + s / 1000, "x": 3 * s, "y": 4 * s, "seq": s} for s in seqs]
        answer = self.session.post(f"{self.url}events/", json={"events": events}, timeout=10)
        assert answer.status_code == 202, answer.text
        return answer

    def series(self) -> list[dict[str, Any]]:
        return self.session.get(f"{self.url}statuses/", timeout=10).json()["statuses"]

    def fresh_stream_url(self) -> str:
        return self.session.get(self.url, timeout=10).json()["stream_url"]

    def erase(self) -> None:
        assert self.session.delete(self.url, timeout=10).status_code == 204
