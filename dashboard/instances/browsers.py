"""Browser instances: logging on and off, listing, erasing."""

from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction

from core.api.problems import NoSuchInstance
from core.storage.replica import stale
from dashboard.instances.tokens import WriteToken, check_instance, check_version
from dashboard.models import Browser

# There may be much to delete, more than a request's usual five seconds take, and a drain that holds
# the instance may take fifteen.
SET_LIMITS = """
select set_config('statement_timeout', '60s', true), set_config('lock_timeout', '20s', true)
"""
LOCK_TIMED_OUT = "55P03"

# Locks: the instance's row, alone. A batch or a drain under way shares it: they end before us, or
# wait for us and find the instance gone. Either way no row of it comes back.
LOCK_BROWSER = "select from dashboard_browser where id = %s for update"


def get_browser(
    *, instance_id: UUID, token: WriteToken | None, may_have_ended: bool = False
) -> Browser:
    """Return the instance.

    With a token: ForeignInstance (403) where it is another's, AuthenticationFailed (401) where it
    was revoked, or has ended (analytics/upkeep/token_expiry.py) unless it may have. Without one the
    caller has been let in by other means (staff). NoSuchInstance (404) where there is none.
    """
    if token:
        check_instance(token, instance_id)
    browser = Browser.objects.filter(instance_id=instance_id).first()
    if browser is None:
        raise NoSuchInstance
    if token:
        # The end raised the version, and no token was given out since.
        ended = int(may_have_ended and browser.token_used_at is None)
        check_version(token, browser.token_version - ended)
    return browser


def log_on(*, now: datetime) -> Browser:
    """Make a new instance, logged on."""
    return Browser.objects.create(logged_on_at=now, token_used_at=now)


def resume(*, instance_id: UUID, token: WriteToken, now: datetime) -> Browser:
    """Log an instance on again that proves itself by its token; errors as in get_browser."""
    browser = get_browser(instance_id=instance_id, token=token)
    held = Browser.objects.filter(pk=browser.pk, token_version=token.version)
    if not held.update(token_used_at=now):
        # Erased, revoked or ended since: the second look says which.
        browser = get_browser(instance_id=instance_id, token=token)
    return set_active(browser, is_active=True, now=now)


def log_off(*, instance_id: UUID, token: WriteToken | None, now: datetime) -> None:
    """Mark the instance as gone; a second time changes nothing. Errors as in get_browser."""
    browser = get_browser(instance_id=instance_id, token=token)
    try:
        set_active(browser, is_active=False, now=now)
    except OperationalError as error:
        # Only an erasure holds the row for seconds; an instance that is being erased is gone.
        if getattr(error.__cause__, "pgcode", None) != LOCK_TIMED_OUT:
            raise


def set_active(browser: Browser, *, is_active: bool, now: datetime) -> Browser:
    """Log an instance on or off; where it is so already, nothing changes.

    NoSuchInstance (404) where it was erased after it was read.
    """
    if browser.is_active != is_active:
        browser.is_active = is_active
        if is_active:
            browser.logged_on_at, browser.logged_off_at = now, None
        else:
            browser.logged_off_at = now
        # Not by save(), which cannot tell a row that is gone from a fault of the database.
        if not Browser.objects.filter(pk=browser.pk).update(
            is_active=is_active,
            logged_on_at=browser.logged_on_at,
            logged_off_at=browser.logged_off_at,
        ):
            raise NoSuchInstance
    return browser


def list_browsers(
    *, is_active: bool | None, before: int | None, limit: int
) -> tuple[list[Browser], int | None]:
    """Return up to `limit` instances, the newest first, and where the next page starts.

    May be stale by what the replica lags behind.
    """
    browsers = stale(Browser).order_by("-pk")
    if is_active is not None:
        browsers = browsers.filter(is_active=is_active)
    if before is not None:
        browsers = browsers.filter(pk__lt=before)
    page = list(browsers[: limit + 1])
    return page[:limit], page[limit - 1].pk if len(page) > limit else None


def erase(*, instance_id: UUID, token: WriteToken | None) -> None:
    """Delete the instance, its events, its statuses and its marks in the outbox; for good.

    Its tokens are dead then. One that has ended may still erase, so that a visitor can for as long
    as there is anything of theirs. Errors as in get_browser; NoSuchInstance (404) also where
    another erasure was first.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        browser = get_browser(instance_id=instance_id, token=token, may_have_ended=True)
        cursor.execute(SET_LIMITS)
        cursor.execute(LOCK_BROWSER, [browser.pk])
        if not cursor.rowcount:
            raise NoSuchInstance
        browser.delete()
