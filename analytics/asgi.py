"""The ASGI application of the web process: batches by their short way, all else by Django."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()

from analytics.intake import application  # noqa: E402

__all__ = ["application"]
