"""Limits of a database session that are not the settings' (`SESSION_SETTINGS`)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections


@contextmanager
def limited(limits: dict[str, str], *, database: str = "default") -> Iterator[None]:
    """Give this thread's connection other limits for as long as this block lasts.

    As options of a new connection, not by `set`: behind a pooler that would stay in a session that
    others get. A pooler may keep the options from the server, though (docs/scaling.md).
    """
    connection = connections[database]
    before = connection.settings_dict["OPTIONS"]
    words = [before.get("options", ""), *(f"-c {name}={value}" for name, value in limits.items())]
    connection.close()
    connection.settings_dict["OPTIONS"] = {**before, "options": " ".join(words)}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = before
