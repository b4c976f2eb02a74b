"""The ASGI application of the live process."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()

from core.storage import deadlines  # noqa: E402
from dashboard.streaming.app import application  # noqa: E402

deadlines.install()

__all__ = ["application"]
