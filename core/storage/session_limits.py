"""Limits of a database session that differ from the settings (`SESSION_SETTINGS`)."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections


@contextmanager
def limited(limits: dict[str, str], *, database: str = "default") -> Iterator[None]:
    """Give this thread's connection other limits within this block.

    They are options of a new connection. A `set` would stay in a pooler's session, which others get
    later. A pooler may drop the options, though (docs/scaling.md).
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
