"""Logging browser instances on and off."""

from datetime import datetime
from uuid import UUID

from core.problems import NoSuchInstance
from dashboard.models import Browser
from dashboard.tokens import WriteToken, check_instance, check_version


def get_browser(*, instance_id: UUID, token: WriteToken | None) -> Browser:
    """Return the instance.

    With a token: ForeignInstance (403) where it is another's, AuthenticationFailed (401) where it
    was revoked. Without one the caller has been let in by other means (staff). NoSuchInstance
    (404) where there is none.
    """
    if token:
        check_instance(token, instance_id)
    browser = Browser.objects.filter(instance_id=instance_id).first()
    if browser is None:
        raise NoSuchInstance
    if token:
        check_version(token, browser.token_version)
    return browser


def log_on(*, now: datetime) -> Browser:
    """Make a new instance, logged on."""
    return Browser.objects.create(logged_on_at=now)


def resume(*, instance_id: UUID, token: WriteToken, now: datetime) -> Browser:
    """Log an instance on again that proves itself by its token; errors as in get_browser."""
    browser = get_browser(instance_id=instance_id, token=token)
    browser.is_active, browser.logged_on_at, browser.logged_off_at = True, now, None
    browser.save(update_fields=["is_active", "logged_on_at", "logged_off_at"])
    return browser


def log_off(*, instance_id: UUID, token: WriteToken | None, now: datetime) -> None:
    """Mark the instance as gone; a second time changes nothing. Errors as in get_browser."""
    browser = get_browser(instance_id=instance_id, token=token)
    Browser.objects.filter(pk=browser.pk, is_active=True).update(is_active=False, logged_off_at=now)
