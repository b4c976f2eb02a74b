"""The Celery tasks: each reads the clock and calls one function."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from dashboard.statuses import departures


@shared_task
def clear_sessions() -> None:
    """Delete expired sessions: every visitor leaves one, and the table must not grow."""
    SessionStore.clear_expired()


@shared_task
def note_departures() -> None:
    """The task of every ten seconds: find the instances that have gone."""
    departures.note_departures(now=timezone.now())
