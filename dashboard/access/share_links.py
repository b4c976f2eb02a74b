"""Share links: who has one reads one instance, one page's map or one study, and changes nothing.

A link ends at a date. Its ticket is signed and names the link and its end. It is derived from the
row, so that its maker can copy it again, and the table holds nothing that opens anything.
"""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.core import signing
from django.db import IntegrityError
from django.db.models import BooleanField, ExpressionWrapper, F, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Lower

from core.api.problems import NoSuchInstance, NoSuchShare, ShareEnded
from dashboard.models import Browser, Page, ShareLink

SALT = "pointerscope.share-link"
# A write token begins with 32 hexadecimal digits, an API key with `ps_`.
MARK = "share_"
MOST_DAYS = 366
DEFAULT_DAYS = 7


def make_share_link(*, browser: Browser, user: User | None, days: int, now: datetime) -> ShareLink:
    """Make a link of a member of staff, or, without a user, of the holder of the instance's token.

    It ends after 1 to MOST_DAYS days. NoSuchInstance (404) if the instance was erased after it was
    read.
    """
    try:
        return ShareLink.objects.create(
            browser=browser,
            created_by=user,
            token_version=None if user else browser.token_version,
            created_at=now,
            ends_at=_end(now, days),
        )
    except IntegrityError:
        raise NoSuchInstance from None


def make_page_share(*, page: Page, user: User, days: int, now: datetime) -> ShareLink:
    """Make a link of a page's map; it ends after 1 to MOST_DAYS days."""
    return ShareLink.objects.create(
        page=page, created_by=user, created_at=now, ends_at=_end(now, days)
    )


def make_study_share(*, study: str, user: User, days: int, now: datetime) -> ShareLink:
    """Make a link of a study; it ends after 1 to MOST_DAYS days."""
    return ShareLink.objects.create(
        study=study, created_by=user, created_at=now, ends_at=_end(now, days)
    )


def _end(now: datetime, days: int) -> datetime:
    # A ticket's end has whole seconds.
    return (now + timedelta(days=days)).replace(microsecond=0)


def ticket_of(link: ShareLink) -> str:
    """Return the ticket of a link's address; it is the same each time."""
    end = int(link.ends_at.timestamp())
    return MARK + signing.Signer(salt=SALT).sign(f"{link.link_id.hex}.{end}")


def read_share_ticket(text: str, *, now: datetime) -> ShareLink:
    """Return the valid link of a ticket; NoSuchShare (404), or ShareEnded (410) if it has ended."""
    try:
        signed = signing.Signer(salt=SALT).unsign(text.removeprefix(MARK))
    except signing.BadSignature:
        raise NoSuchShare from None
    link_id, _, end = signed.partition(".")
    link = find_valid(UUID(link_id), now=now)
    if link is None or datetime.fromtimestamp(int(end), UTC) <= now:
        raise ShareEnded
    return link


def find_valid(link_id: UUID, *, now: datetime) -> ShareLink | None:
    """Return a link if it is valid now, with its instance, if it is of one."""
    return valid_share_links(now).select_related("browser").filter(link_id=link_id).first()


def valid_share_links(now: datetime) -> QuerySet[ShareLink]:
    """Return the links that are valid now: as long as their maker may read the thing."""
    return ShareLink.objects.filter(_valid(now))


def list_share_links(*, user: User | None, now: datetime, q: str = "") -> QuerySet[ShareLink]:
    """Return a user's links, or all, the valid ones first, then the newest; each has `valid`.

    `q` is a part of the instance's label, of the site, of the page's or the study's name or of the
    maker's, in any case, or how the instance's id begins.
    """
    links = ShareLink.objects.filter(created_by=user) if user else ShareLink.objects.all()
    if q:
        links = links.alias(browser_key=Cast("browser__instance_id", TextField())).filter(
            Q(browser__search_text__contains=Lower(Value(q)))
            | Q(browser_key__startswith=q.lower())
            | Q(page__site__icontains=q)
            | Q(page__name__icontains=q)
            | Q(study__icontains=q)
            | Q(created_by__username__icontains=q)
        )
    return (
        links.select_related("created_by", "browser", "page")
        .annotate(valid=ExpressionWrapper(_valid(now), BooleanField()))
        .order_by("-valid", "-pk")
    )


def revoke_share_links(links: QuerySet[ShareLink], *, now: datetime) -> int:
    """Revoke these links at once; return how many of them were not revoked before."""
    return links.filter(revoked_at=None).update(revoked_at=now)


def _valid(now: datetime) -> Q:
    of_staff = Q(created_by__is_active=True, created_by__is_staff=True)
    of_token = Q(created_by=None, token_version=F("browser__token_version"))
    return (of_staff | of_token) & Q(revoked_at=None, ends_at__gt=now)
