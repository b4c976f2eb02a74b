"""Browser instances: logging on and off, naming, listing."""

from datetime import datetime
from uuid import UUID

from django.db import OperationalError

from core.api.problems import NoSuchInstance
from core.storage.replica import stale
from dashboard.instances.finding import ALL, Filters, to_condition
from dashboard.instances.tokens import WriteToken, check_instance, check_version
from dashboard.models import Browser

LOCK_TIMED_OUT = "55P03"


def get_browser(
    *, instance_id: UUID, token: WriteToken | None, may_have_ended: bool = False
) -> Browser:
    """Return the instance.

    With a token, raises ForeignInstance (403) if the token belongs to another instance, and
    AuthenticationFailed (401) if it was revoked or has ended (analytics/upkeep/silence.py);
    `may_have_ended` accepts an ended token. Without a token the caller checks permission (staff).
    Raises NoSuchInstance (404) if the instance does not exist.
    """
    if token:
        check_instance(token, instance_id)
    browser = Browser.objects.filter(instance_id=instance_id).first()
    if browser is None:
        raise NoSuchInstance
    if token:
        # Ending tokens raised the version, and no new token was issued since.
        ended = int(may_have_ended and browser.token_used_at is None)
        check_version(token, browser.token_version - ended)
    return browser


def log_on(*, now: datetime, label: str = "", site: str = "") -> Browser:
    """Make a new instance, logged on, of a site (dashboard/instances/sites.py)."""
    return Browser.objects.create(
        logged_on_at=now, token_used_at=now, label=label.strip(), site=site
    )


def resume(*, instance_id: UUID, token: WriteToken, now: datetime, label: str = "") -> Browser:
    """Log an existing instance on again by its token; errors as in get_browser.

    It keeps its site, and its label if it has one: staff may have chosen that.
    """
    browser = get_browser(instance_id=instance_id, token=token)
    held = Browser.objects.filter(pk=browser.pk, token_version=token.version)
    if not held.update(token_used_at=now):
        # It was erased, revoked or ended since. The second call raises the matching error.
        browser = get_browser(instance_id=instance_id, token=token)
    if label and not browser.label:
        set_label(browser, label=label)
    return set_active(browser, is_active=True, now=now)


def log_off(*, instance_id: UUID, token: WriteToken | None, now: datetime) -> None:
    """Log the instance off; a second call changes nothing. Errors as in get_browser."""
    browser = get_browser(instance_id=instance_id, token=token)
    try:
        set_active(browser, is_active=False, now=now)
    except OperationalError as error:
        # Only an erasure holds the row for seconds, and an erased instance is logged off as well.
        if getattr(error.__cause__, "pgcode", None) != LOCK_TIMED_OUT:
            raise


def set_active(browser: Browser, *, is_active: bool, now: datetime) -> Browser:
    """Log an instance on or off; a state that is set already does not change.

    Raises NoSuchInstance (404) if the instance was erased after it was read.
    """
    if browser.is_active != is_active:
        browser.is_active = is_active
        if is_active:
            browser.logged_on_at, browser.logged_off_at = now, None
        else:
            browser.logged_off_at = now
        # save() cannot tell a deleted row from a database error.
        if not Browser.objects.filter(pk=browser.pk).update(
            is_active=is_active,
            logged_on_at=browser.logged_on_at,
            logged_off_at=browser.logged_off_at,
        ):
            raise NoSuchInstance
    return browser


def set_label(browser: Browser, *, label: str) -> Browser:
    """Name an instance for people; NoSuchInstance (404) if it was erased after it was read."""
    browser.label = label.strip()
    if not Browser.objects.filter(pk=browser.pk).update(label=browser.label):
        raise NoSuchInstance
    return browser


def list_browsers(
    *,
    filters: Filters = ALL,
    is_active: bool | None = None,
    before: int | None = None,
    limit: int,
    now: datetime,
) -> tuple[list[Browser], int | None]:
    """Return up to `limit` instances that match, newest first, and the cursor of the next page.

    The result may lag behind by the replica's delay.
    """
    browsers = stale(Browser).filter(to_condition(filters, now=now)).order_by("-pk")
    if is_active is not None:
        browsers = browsers.filter(is_active=is_active)
    if before is not None:
        browsers = browsers.filter(pk__lt=before)
    page = list(browsers[: limit + 1])
    return page[:limit], page[limit - 1].pk if len(page) > limit else None
