"""The ASGI application of the web process: batches by their short way, all else by Django."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()

from analytics import hints, intake  # noqa: E402
from core import deadlines  # noqa: E402
from core.framing import Receive, Scope, Send  # noqa: E402
from core.lifespan import live  # noqa: E402

deadlines.install()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The ASGI application."""
    if scope["type"] == "lifespan":
        await live(receive, send, at_end=hints.send_last)
    else:
        await intake.application(scope, receive, send)
