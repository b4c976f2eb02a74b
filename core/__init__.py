"""The base of both apps: settings, the web process, PostgreSQL, Redis, Celery."""

from core.celery import app as celery_app

__all__ = ["celery_app"]
