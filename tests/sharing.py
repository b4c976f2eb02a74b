"""Readers without a login, who open share links."""

import re

import requests

from tests.service import Service

CSRF = re.compile('data-csrf-token="([^"]+)"')


def share(service: Service, me: dict[str, str], days: int = 7) -> dict[str, str]:
    """Make a share link of an instance with its write token; return what the API answers."""
    answer = requests.post(
        f"{service.url}/api/v1/browsers/{me['instance_id']}/shares/",
        json={"days": days},
        headers={"Authorization": f"Bearer {me['write_token']}"},
        timeout=10,
    )
    answer.raise_for_status()
    return answer.json()


def open_link(url: str) -> requests.Session:
    """Open a share link as its page does; return the session that may then read."""
    reader = requests.Session()
    page, _, ticket = url.partition("#share=")
    token = CSRF.search(reader.get(page, timeout=10).text)
    assert token
    reader.post(
        f"{page}shared/",
        json={"ticket": ticket},
        headers={"X-CSRFToken": token[1], "Referer": page},
        timeout=10,
    ).raise_for_status()
    return reader
