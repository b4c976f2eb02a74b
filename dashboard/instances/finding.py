"""Finding instances: what a list is filtered by, for the API, the pages and the admin alike."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import BooleanField, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from core.storage.replica import stale, stale_connection
from dashboard.models import PRESENT, Browser, Page, PageVisit

HEX_DIGITS = 32
LARGEST_PAGE_ID = 2**31 - 1
# The visitors of pages, as the text of an array. It is null if there are more visits than these;
# then HAS_VISITED looks at the visits of each instance in question.
FEW_VISITS = 10_000
VISITORS = """
select case when count(*) <= %(few)s then coalesce(array_agg(browser_id), '{}')::text end from (
    select browser_id from dashboard_pagevisit where page_id = any(%(pages)s::int[])
    limit %(few)s + 1
) visit
"""
IS_VISITOR = "dashboard_browser.id = any(%s::bigint[])"
# With `exists`, PostgreSQL may read all visits first. With `page_id` alone, it would look for each
# page in the index.
HAS_VISITED = """
(
    select true from dashboard_pagevisit visit
    where visit.browser_id = dashboard_browser.id and visit.page_id + 0 = any(%s::int[]) limit 1
)
"""
NONE = Q(pk__in=[])
# One step of the index for each site; `distinct` would read all instances.
SITES = """
with recursive known (site, number) as (
    select min(site)::text, 1 from dashboard_browser where site > ''
    union all
    select (select min(site) from dashboard_browser where site > known.site), number + 1
    from known where site is not null and number < %(limit)s
)
select site from known where site is not null order by site
"""


class Filters(NamedTuple):
    """An instance must match all of these; an empty one filters nothing.

    `page` is the name of a page or its id. `q` is text in the label, the site or the name of a
    page that the instance was on, in any case, or how the instance's id begins. The range
    [since, until) overlaps an instance's life, from when it first logged on or moved until it was
    last seen; one that is present lives on.
    """

    site: str = ""
    label: str = ""
    q: str = ""
    page: str = ""
    since: datetime | None = None
    until: datetime | None = None


ALL = Filters()


def to_condition(filters: Filters, *, now: datetime) -> Q:
    """Return the filters as a condition on instances.

    The result may lag behind by the replica's delay.
    """
    condition = Q()
    if filters.site:
        condition &= Q(site=filters.site)
    if filters.label:
        # The second part lets PostgreSQL use an index of the labels that are not empty.
        condition &= Q(label__startswith=filters.label) & ~Q(label="")
    if filters.since:
        lives_on = PRESENT if filters.since <= now else NONE
        condition &= Q(last_known_at__gte=filters.since) | lives_on
    if filters.until:
        condition &= Q(first_known_at__lt=filters.until)
    if filters.page:
        condition &= _was_on(_named(filters.page))
    if filters.q:
        condition &= _mentions(filters.q)
    return condition


def has_id(beginning: str) -> Q:
    """Return the condition that an instance's id begins like this: a range of the id's index."""
    digits = beginning.strip().replace("-", "")
    if not digits:
        return NONE
    try:
        return Q(instance_id__range=[UUID(digits.ljust(HEX_DIGITS, fill)) for fill in "0f"])
    except ValueError:
        return NONE


def _mentions(text: str) -> Q:
    pages = stale(Page).filter(name__icontains=text)
    return Q(search_text__contains=Lower(Value(text))) | has_id(text) | _was_on(pages)


def _named(page: str) -> QuerySet[Any]:
    named = Q(name=page)
    if page.isdecimal() and page.isascii() and int(page) <= LARGEST_PAGE_ID:
        named |= Q(pk=int(page))
    return stale(Page).filter(named)


def _was_on(pages: QuerySet[Any]) -> Q:
    # PostgreSQL reads an array's text faster than thousands of constants.
    numbers = "{" + ",".join(map(str, pages.values_list("pk", flat=True))) + "}"
    with stale_connection(PageVisit).cursor() as cursor:
        cursor.execute(VISITORS, {"pages": numbers, "few": FEW_VISITS})
        ((visitors,),) = cursor.fetchall()
    return _to_q(HAS_VISITED, numbers) if visitors is None else _to_q(IS_VISITOR, visitors)


def _to_q(condition: str, numbers: str) -> Q:
    # The condition is one of the constants above, and its parameter is bound.
    return Q(RawSQL(condition, [numbers], output_field=BooleanField()))  # noqa: S611


class Known(NamedTuple):
    """Sites and names of pages to choose from, in alphabetical order."""

    sites: list[str]
    pages: list[str]


def list_known(*, limit: int) -> Known:
    """Return the first sites of instances and names of pages; they may lag behind."""
    with stale_connection(Browser).cursor() as cursor:
        cursor.execute(SITES, {"limit": limit})
        sites = [site for (site,) in cursor.fetchall()]
    names = stale(Page).order_by("name").values_list("name", flat=True).distinct()
    return Known(sites, list(names[:limit]))
