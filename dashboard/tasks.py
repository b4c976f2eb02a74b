"""What Celery runs: tasks read the clock and call one function."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore


@shared_task
def clear_sessions() -> None:
    """The periodic task: every visitor leaves a session behind, and the table must not grow."""
    SessionStore.clear_expired()
