"""The admin's view of browser instances and their statuses."""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Any

import axes.admin  # noqa: F401 - it registers what is taken out below.
from axes.models import AccessFailureLog, AccessLog
from django.apps import apps
from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import ngettext
from django_celery_beat.admin import PeriodicTaskAdmin
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    PeriodicTask,
    SolarSchedule,
)

from core.api.problems import NoSuchInstance
from core.values.durations import FIRST_RUNG_MS
from dashboard import admin_access  # noqa: F401 - it registers what it has.
from dashboard.admin_rows import InstanceAdmin, Rows, RowsAdmin, read_page
from dashboard.instances.erasing import erase
from dashboard.instances.names import name_of
from dashboard.models import Browser, BrowserStatuses, PointerStatus

# The settings make Beat's jobs, each with an interval; and no login that succeeds is kept.
UNUSED = (ClockedSchedule, CrontabSchedule, SolarSchedule, AccessLog, AccessFailureLog)
UNUSED_FIELDS = {"clocked", "crontab", "crontab_translation", "solar", "one_off", "start_time"}

# The heading of what it lists: wrong passwords.
apps.get_app_config("axes").verbose_name = "Logins"

admin.site.unregister([*filter(admin.site.is_registered, UNUSED), PeriodicTask])


def without(
    unused: Collection[str], fieldsets: Iterable[tuple[Any, dict]]
) -> list[tuple[Any, dict[str, Any]]]:
    """Return the parts of a form without these fields."""
    return [
        (title, {**options, "fields": [name for name in options["fields"] if name not in unused]})
        for title, options in fieldsets
    ]


@admin.register(Browser)
class BrowserAdmin(InstanceAdmin):
    """Instances: looked at, revoked, erased."""

    actions = ["make_tokens_void"]

    def get_list_display(self, request: HttpRequest) -> Any:
        name, *others = self.list_display
        return [name, self._links(request), *others]

    def get_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        return [
            *("name", "site", "instance_id", "is_logged_on", "logged_on_at", "logged_off_at"),
            *("last_known_at", "token_version", "token_used_at"),
            self._links(request),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        browser = self.get_object(request, object_id)
        titled = {"subtitle": str(name_of(browser))} if browser else {}
        return super().change_view(
            request, object_id, form_url, {**titled, **(extra_context or {})}
        )

    def _links(self, request: HttpRequest) -> Callable[[Browser], str]:
        """Return a column of links to an instance's charts and the rows that the user may see."""
        rows = [
            row
            for row in self.admin_site._registry.values()
            if isinstance(row, RowsAdmin) and row.has_view_permission(request)
        ]

        @admin.display(description="see")
        def links(browser: Browser) -> str:
            page = ("Charts", reverse("browser", args=[browser.instance_id]))
            stored = [(row.called, reverse(address(row), args=[browser.pk])) for row in rows]
            links = format_html_join(" · ", '<a href="{1}">{0}</a>', [page, *stored])
            return format_html('<span class="nowrap">{}</span>', links)

        def address(row: RowsAdmin) -> str:
            return f"admin:{row.opts.app_label}_{row.opts.model_name}_change"

        return links

    def get_view_on_site_url(self, obj: Any | None = None) -> str | None:
        return reverse("browser", args=[obj.instance_id]) if obj else None

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("dashboard.change_browser")

    @admin.action(description="Make all write tokens void", permissions=["revoke"])
    def make_tokens_void(self, request: HttpRequest, browsers: QuerySet[Browser]) -> None:
        count = browsers.update(token_version=F("token_version") + 1)
        text = ngettext(
            "The tokens of {} instance are void.", "The tokens of {} instances are void.", count
        )
        self.message_user(request, text.format(count))

    # Django would collect all that hangs on an instance, and load it, to show what goes with it.
    def get_deleted_objects(self, objs: Iterable[Any], request: HttpRequest) -> Any:
        named = [
            f"{name_of(browser)} ({browser}), with all its events and statuses" for browser in objs
        ]
        return named, {"browsers": len(named)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Browser) -> None:
        with suppress(NoSuchInstance):
            erase(instance_id=obj.instance_id, token=None)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Browser]) -> None:
        for browser in queryset:
            self.delete_model(request, browser)


@admin.register(BrowserStatuses)
class BrowserStatusesAdmin(RowsAdmin):
    """What was rolled up."""

    called = "Statuses"

    columns = (
        *("time", "events", "traversed_distance", "avg_velocity", "peak_velocity"),
        *("moving_time", "start_x", "start_y", "end_x", "end_y"),
    )

    def list_rows(self, *, browser_id: int, before: str | None) -> Rows:
        finest = PointerStatus.objects.filter(browser_id=browser_id, interval_ms=FIRST_RUNG_MS)
        return read_page(finest, self.columns, tie="interval_ms", before=before)


@admin.register(PeriodicTask)
class JobAdmin(PeriodicTaskAdmin):
    """Beat's jobs, by their intervals."""

    list_display = ["name", "enabled", "interval", "last_run_at"]
    list_filter = ["enabled"]
    date_hierarchy = None
    readonly_fields = ["last_run_at"]
    fieldsets = without(UNUSED_FIELDS, PeriodicTaskAdmin.fieldsets)
