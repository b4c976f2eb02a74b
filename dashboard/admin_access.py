"""The admin's lists of API keys and share links."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import ngettext

from dashboard.access.api_keys import list_api_keys, revoke_api_keys
from dashboard.access.share_links import list_share_links, revoke_share_links
from dashboard.instances.names import name_of
from dashboard.models import ApiKey, ShareLink


class GrantAdmin(admin.ModelAdmin):
    """Keys or links, the newest first: looked at, revoked, deleted."""

    search_fields: ClassVar[tuple[str, ...]]
    actions = ["revoke"]
    readonly_fields: ClassVar = ["state"]
    # Returns all rows, each with whether it is valid.
    list_rows: ClassVar[Callable[..., QuerySet[Any]]]
    # Revokes rows at a time; returns how many were not revoked before.
    revoke_rows: ClassVar[Callable[..., int]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return type(self).list_rows(user=None, now=timezone.now())

    @admin.display
    def state(self, row: Any) -> str:
        if row.valid:
            return "valid"
        if row.revoked_at:
            return "revoked"
        return "ended" if row.ends_at <= timezone.now() else "void: its maker may not read it"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any | None = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(f"dashboard.change_{self.opts.model_name}")

    @admin.action(description="Revoke", permissions=["revoke"])
    def revoke(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        count = type(self).revoke_rows(rows, now=timezone.now())
        self.message_user(
            request, ngettext("{} is revoked.", "{} are revoked.", count).format(count)
        )


OF_KEYS = ("name", "prefix", "state", "user", "created_at", "used_at", "ends_at", "revoked_at")
OF_LINKS = ("shared", "state", "maker", "created_at", "ends_at", "revoked_at", "link_id")


@admin.register(ApiKey)
class ApiKeyAdmin(GrantAdmin):
    """A key is shown only once, so the page `/access/` and `manage.py api_key` make them."""

    list_display = fields = OF_KEYS
    search_fields = ("prefix", "name", "user__username")
    search_help_text = "How a key begins, its name, or its user."
    list_rows = staticmethod(list_api_keys)
    revoke_rows = staticmethod(revoke_api_keys)


@admin.register(ShareLink)
class ShareLinkAdmin(GrantAdmin):
    """Pages of instances, maps and studies make links."""

    list_display = fields = OF_LINKS
    readonly_fields: ClassVar = ["shared", "state", "maker"]
    search_fields = ("browser__instance_id", "page__name", "study", "created_by__username")
    search_help_text = "An instance's id, the name of a page or a study, or a link's user."
    list_rows = staticmethod(list_share_links)
    revoke_rows = staticmethod(revoke_share_links)

    @admin.display(description="what it shows")
    def shared(self, link: ShareLink) -> str:
        if link.browser:
            return str(name_of(link.browser))
        return f"map of {link.page}" if link.page else f"study {link.study}"

    @admin.display(description="made by", ordering="created_by__username")
    def maker(self, link: ShareLink) -> str:
        return str(link.created_by or "its visitor")
