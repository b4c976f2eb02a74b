"""The ASGI application of web: batches on the event loop, all other requests by Django."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()

from analytics.ingest import shell  # noqa: E402
from analytics.rollups import send_last_hints  # noqa: E402
from core.storage import deadlines  # noqa: E402
from core.web.lifespan import live  # noqa: E402
from core.web.message_framing import Receive, Scope, Send  # noqa: E402

deadlines.install()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await live(receive, send, at_end=send_last_hints)
    else:
        await shell.application(scope, receive, send)
