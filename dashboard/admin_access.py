"""The admin's lists of API keys and share links."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import ngettext

from dashboard.access.api_keys import revoke_api_keys
from dashboard.access.share_links import revoke_share_links
from dashboard.models import ApiKey, ShareLink


class GrantAdmin(admin.ModelAdmin):
    """Keys or links, the newest first: looked at, revoked, deleted."""

    search_fields: ClassVar[tuple[str, ...]]
    actions = ["revoke"]
    # Revokes rows at a time; returns how many were not revoked before.
    revoke_rows: ClassVar[Callable[..., int]]

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


OF_KEYS = ("prefix", "name", "user", "created_at", "ends_at", "used_at", "revoked_at")
OF_LINKS = ("link_id", "browser", "page", "created_by", "created_at", "ends_at", "revoked_at")


@admin.register(ApiKey)
class ApiKeyAdmin(GrantAdmin):
    """A key is shown only once, so the page `/access/` and `manage.py api_key` make them."""

    list_display = fields = OF_KEYS
    list_select_related = ["user"]
    search_fields = ("prefix", "name", "user__username")
    search_help_text = "How a key begins, its name, or its user."
    revoke_rows = staticmethod(revoke_api_keys)


@admin.register(ShareLink)
class ShareLinkAdmin(GrantAdmin):
    """Pages of instances and of maps make links."""

    list_display = fields = OF_LINKS
    list_select_related = ["browser", "page", "created_by"]
    search_fields = ("browser__instance_id", "page__name", "created_by__username")
    search_help_text = "An instance's id, a page's name, or a link's user."
    revoke_rows = staticmethod(revoke_share_links)
