"""Source 1: addresses given in the environment or in .env."""

import os
from urllib.parse import urlsplit

from service_sources.state import BOTH, CHECKOUT, DATABASE, OWNER, say


def dotenv() -> dict[str, str]:
    """Return the settings of the checkout's .env: NAME=value lines, with optional quotes."""
    file = CHECKOUT / ".env"
    lines = file.read_text().splitlines() if file.exists() else []
    pairs = (line.strip().removeprefix("export ").partition("=") for line in lines)
    return {
        name.strip(): value.strip().strip("\"'")
        for name, sign, value in pairs
        if sign and not name.startswith("#")
    }


def setting(name: str) -> str:
    """Return a setting as the service reads it: the environment overrides .env."""
    return os.environ[name] if name in os.environ else dotenv().get(name, "")


def given_urls() -> dict[str, str]:
    return {name: setting(name) for name in BOTH if setting(name)}


def owner_url() -> str:
    """Return the owner's address of a given database, or an empty string."""
    return setting(OWNER) if setting(DATABASE) else ""


def say_given(urls: dict[str, str]) -> None:
    for name, url in urls.items():
        parts = urlsplit(url)
        where = parts.hostname or "a socket"
        say(f"{name} is given: {parts.scheme} on {where}{f':{parts.port}' if parts.port else ''}")
