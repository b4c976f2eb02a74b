"""The API of pages: which there are, their maps, and their movement hour by hour."""

from typing import Any, ClassVar

from django.http import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.permissions import IsAdminUser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from analytics.api import page_examples as examples
from analytics.api.page_answers import (
    CELL_COLUMNS,
    STATUS_COLUMNS,
    ListedPage,
    MapAnswer,
    NamedPage,
    Pages,
    StatusesOfPage,
    StatusOfPage,
    WidthClass,
)
from analytics.api.page_queries import MapQuery, PageQuery, PagesQuery, PlaceField
from analytics.maps.page_list import ListedPage as FoundPage
from analytics.maps.page_list import Sort, list_pages
from analytics.maps.page_map import CELL_PX, PageMap, Weight, read_map
from analytics.maps.page_statuses import list_page_statuses
from analytics.maps.selection import Selection
from core.api.problems import NoSuchPage
from core.api.queries import read_query
from core.api.rendering import FILE_ANSWERS, JSON_OR_FILE, JsonRenderer, answer_file
from core.api.schema import SHARED, STAFF_ONLY
from core.values.times import name_range, to_rfc3339
from core.web.costs import costly, or_file
from core.web.methods import KnownMethods
from dashboard.instances.permissions import is_shared
from dashboard.instances.throttles import ReadThrottle
from dashboard.models import Page

READERS: Any = [*STAFF_ONLY, {SHARED: []}]
KEY = OpenApiParameter(
    "page_id", OpenApiTypes.INT, OpenApiParameter.PATH, description="the page's id"
)


class MayReadPage(IsAdminUser):
    """Allows staff, and readers of the page's share link, who may not choose labels.

    A label could tell one instance from the others.
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        if super().has_permission(request, view):
            return True
        return is_shared(request, view) and not request.query_params.get("label")


class PageViewSet(KnownMethods, ViewSet):
    """Pages and their maps, for staff. Readers of a page's share link may read that page's."""

    permission_classes = [MayReadPage]
    throttle_classes = [ReadThrottle]
    costs: ClassVar = {
        "list": costly,
        "map": or_file(costly),
        "statuses": or_file(costly),
    }
    lookup_field = "page_id"
    lookup_value_converter = "int"

    def get_renderers(self) -> list[BaseRenderer]:
        return list(JSON_OR_FILE) if self.action in ("map", "statuses") else [JsonRenderer()]

    @extend_schema(
        tags=["pages"],
        parameters=[PagesQuery],
        responses={200: Pages},
        auth=STAFF_ONLY,
        examples=examples.PAGES,
        summary="List pages",
    )
    def list(self, request: Request) -> Response:
        """Return the pages on which pointers were in the range.

        The range is of whole hours. The last minutes may be missing.
        """
        query = read_query(request, PagesQuery, now=timezone.now())
        pages, after = list_pages(
            since=query["since"],
            until=query["until"],
            site=query.get("site"),
            q=query["q"],
            sort=Sort(query["sort"]),
            after=query["cursor"],
            limit=query["limit"],
        )
        cursor = PlaceField().to_representation(after) if after else None
        return Response(Pages([_to_listed(page) for page in pages], cursor))

    @extend_schema(
        tags=["pages"],
        parameters=[KEY, MapQuery],
        responses={(200, "application/json"): MapAnswer, **FILE_ANSWERS},
        auth=READERS,
        examples=examples.MAP,
        summary="Read a page's map",
    )
    @action(detail=True, methods=["get"])
    def map(self, request: Request, page_id: int) -> HttpResponseBase:
        """Return how long pointers were in each cell of a page, up to the last sample."""
        query = read_query(request, MapQuery, now=timezone.now())
        page = find_page(page_id)
        found = read_map(selection=_to_selection(page, query), weight=Weight(query["weight"]))
        if request.accepted_renderer.format == JsonRenderer.format:
            return Response(_to_answer(page, query, found))
        name = f"pointerscope-page-{page.pk}-map-{name_range(found.since, found.until)}"
        width = found.width or 0
        rows = [
            (width, column, row, column * CELL_PX, row * CELL_PX, value)
            for column, row, value in found.cells
        ]
        return answer_file(request, columns=CELL_COLUMNS, pages=iter([rows]), name=name)

    @extend_schema(
        tags=["pages"],
        parameters=[KEY, PageQuery],
        responses={(200, "application/json"): StatusesOfPage, **FILE_ANSWERS},
        auth=READERS,
        examples=examples.PAGE_STATUSES,
        summary="Read a page's hours",
    )
    @action(detail=True, methods=["get"])
    def statuses(self, request: Request, page_id: int) -> HttpResponseBase:
        """Return the movement on a page in each hour of a range, up to the last sample."""
        query = read_query(request, PageQuery, now=timezone.now())
        page = find_page(page_id)
        hours = list_page_statuses(selection=_to_selection(page, query))
        if request.accepted_renderer.format == JsonRenderer.format:
            statuses = [StatusOfPage(to_rfc3339(hour.time), *hour[1:]) for hour in hours]
            since, until = (to_rfc3339(query[end]) for end in ("since", "until"))
            return Response(StatusesOfPage(_name(page), since, until, statuses))
        name = f"pointerscope-page-{page.pk}-1h-{name_range(query['since'], query['until'])}"
        return answer_file(request, columns=STATUS_COLUMNS, pages=iter([hours]), name=name)


def find_page(key: int) -> Page:
    """Return a page by its id; NoSuchPage (404)."""
    page = Page.objects.filter(pk=key).first() if key < 2**31 else None
    if page is None:
        raise NoSuchPage
    return page


def _name(page: Page) -> NamedPage:
    return NamedPage(page.pk, page.site, page.name)


def _to_listed(page: FoundPage) -> ListedPage:
    last = page.last_visit
    return ListedPage(*page[:6], last_visit=to_rfc3339(last) if last else None)


def _to_selection(page: Page, query: dict[str, Any]) -> Selection:
    names = ("since", "until", "width", "pointer", "label")
    return Selection(page.pk, *(query[name] for name in names))


def _to_answer(page: Page, query: dict[str, Any], found: PageMap) -> MapAnswer:
    shown = found.shown
    return MapAnswer(
        page=_name(page),
        since=to_rfc3339(found.since),
        until=to_rfc3339(found.until),
        width=found.width,
        pointer=query["pointer"],
        label=query["label"],
        weight=query["weight"],
        cell=CELL_PX,
        total=found.total,
        instances=shown.instances if shown else 0,
        samples=shown.samples if shown else 0,
        widths=[WidthClass(*one) for one in found.widths],
        cells=found.cells,
    )
