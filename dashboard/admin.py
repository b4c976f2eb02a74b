"""The admin's view of browser instances and their statuses."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import ngettext

from core.api.problems import NoSuchInstance
from core.values.durations import FIRST_RUNG_MS
from dashboard.admin_rows import InstanceAdmin, Rows, RowsAdmin, read_page
from dashboard.instances.browsers import erase
from dashboard.models import Browser, BrowserStatuses, PointerStatus

admin.site.site_header = admin.site.site_title = "Pointerscope"


@admin.register(Browser)
class BrowserAdmin(InstanceAdmin):
    """Instances: looked at, revoked, erased."""

    list_display = [*InstanceAdmin.list_display, "links"]
    actions = ["make_tokens_void"]

    @admin.display(description="see")
    def links(self, browser: Browser) -> str:
        return format_html(
            '<a href="{}">Live</a> · <a href="{}">Statuses</a>',
            reverse("browser", args=[browser.instance_id]),
            reverse("admin:dashboard_browserstatuses_change", args=[browser.pk]),
        )

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
        named = [f"Browser {browser}, with all its events and statuses" for browser in objs]
        return named, {"browsers": len(named)}, set(), []

    def delete_model(self, request: HttpRequest, obj: Browser) -> None:
        with suppress(NoSuchInstance):
            erase(instance_id=obj.instance_id, token=None)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Browser]) -> None:
        for browser in queryset:
            self.delete_model(request, browser)


@admin.register(BrowserStatuses)
class BrowserStatusesAdmin(RowsAdmin):
    """What was rolled up, instance by instance."""

    columns = (
        *("time", "events", "traversed_distance", "avg_velocity", "peak_velocity"),
        *("moving_time", "start_x", "start_y", "end_x", "end_y"),
    )

    def list_rows(self, *, browser_id: int, before: str | None) -> Rows:
        finest = PointerStatus.objects.filter(browser_id=browser_id, interval_ms=FIRST_RUNG_MS)
        return read_page(finest, self.columns, tie="interval_ms", before=before)
