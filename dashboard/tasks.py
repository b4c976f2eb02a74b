"""The Celery tasks: each reads the clock and calls one function."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore


@shared_task
def clear_sessions() -> None:
    """Delete expired sessions: every visitor leaves one, and the table must not grow."""
    SessionStore.clear_expired()
