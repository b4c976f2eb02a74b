"""The ASGI application of the live process."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()

from dashboard.live import application  # noqa: E402

__all__ = ["application"]
