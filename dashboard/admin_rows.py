"""Rows of a hypertable in the admin: one instance's, newest first, a page at a time.

Django's own lists count the table and sort it as a whole, and its 5.2 takes no model with a key of
several columns. So the admin lists instances, and an instance's page shows its rows.
"""

import json
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django.contrib import admin
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from core.values.times import EPOCH, MICROSECOND, to_epoch_us
from dashboard.instances.finding import Filters, to_condition
from dashboard.instances.names import name_of
from dashboard.models import Browser

PAGE_SIZE = 100


class Rows(NamedTuple):
    """A page of rows, and the cursor of the next older one; None at the end."""

    rows: list[tuple]
    older: str | None


class PresenceFilter(admin.BooleanFieldListFilter):
    """A filter that is named as the column."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.title = "logged on"


class InstanceAdmin(admin.ModelAdmin):
    """Instances, the newest first, found as on the pages; nothing is edited."""

    list_display = ["name", "site", "is_logged_on", "logged_on_at", "logged_off_at", "instance_id"]
    list_filter = [("is_active", PresenceFilter)]
    ordering = ["-pk"]
    search_fields = ["instance_id"]
    search_help_text = "A label, a site, a page, or how an instance's id begins."
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False

    @admin.display(description="logged on", boolean=True, ordering="is_active")
    def is_logged_on(self, browser: Browser) -> bool:
        return browser.is_active

    @admin.display(description="name", ordering="label")
    def name(self, browser: Browser) -> str:
        return browser.label or name_of(browser).short_id

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        """Search as the pages do, where Django would search for text in each id."""
        filters = Filters(q=search_term.strip())
        return queryset.filter(to_condition(filters, now=timezone.now())), False


class RowsAdmin(InstanceAdmin):
    """An instance's rows, on a page to which the list of instances links."""

    columns: ClassVar[tuple[str, ...]]
    # The text of the link to the rows.
    called: ClassVar[str]
    time_format = "j M Y, H:i:s T"

    def list_rows(self, *, browser_id: int, before: str | None) -> Rows:
        """Return the page of the instance's rows that are older than the cursor."""
        raise NotImplementedError

    def has_delete_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return redirect("admin:dashboard_browser_changelist")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        browser = self.get_object(request, object_id)
        if not self.has_view_permission(request, browser):
            raise PermissionDenied
        if browser is None:
            raise Http404
        before = request.GET.get("before")
        context = {
            **self.admin_site.each_context(request),
            "title": capfirst(f"{self.opts.verbose_name} {name_of(browser)}"),
            "opts": self.opts,
            "browser": browser,
            "name": name_of(browser),
            "columns": self.columns,
            "headings": [name.replace("_", " ") for name in self.columns],
            "called": self.called,
            "page": self._show(self.list_rows(browser_id=browser.pk, before=before)),
            "is_newest": before is None,
        }
        return TemplateResponse(request, "admin/dashboard/rows.html", context)

    def _show(self, page: Rows) -> Rows:
        return Rows([tuple(map(self._write, row)) for row in page.rows], page.older)

    def _write(self, value: Any) -> Any:
        match value:
            case datetime():
                return date_format(value, self.time_format)
            case float():
                return round(value, 3)
            case dict():
                return json.dumps(value, ensure_ascii=False)
            case None:
                return ""
        return value


def read_page(rows: QuerySet, columns: tuple[str, ...], *, tie: str, before: str | None) -> Rows:
    """Return a page of one instance's rows, those older than the cursor; `tie` orders equal times.

    It reads the key's index from the cursor on, so the number of rows does not matter.
    """
    if before:
        time, place = _read_cursor(before)
        # TimescaleDB skips chunks by the plain bound on time.
        rows = rows.filter(Q(time__lt=time) | Q(time=time, **{f"{tie}__lt": place}), time__lte=time)
    newest_first = rows.order_by("-time", f"-{tie}").values_list("time", tie, *columns)
    found = list(newest_first[: PAGE_SIZE + 1])
    older = _write_cursor(*found[PAGE_SIZE - 1][:2]) if len(found) > PAGE_SIZE else None
    return Rows([row[2:] for row in found[:PAGE_SIZE]], older)


def _write_cursor(time: datetime, place: int) -> str:
    return f"{to_epoch_us(time)},{place}"


def _read_cursor(cursor: str) -> tuple[datetime, int]:
    try:
        time, place = map(int, cursor.split(","))
        return EPOCH + time * MICROSECOND, place
    except (ValueError, OverflowError):
        raise SuspiciousOperation("no cursor of this list") from None
