"""Share links of pages: a person without a login reads one page's map and hours, and no more."""

from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from analytics.api.pages import KEY, find_page
from core.api.bodies import BeaconParser, JsonBytesParser, decode_body, read_body
from core.api.problems import NoSuchShare
from core.values.times import to_rfc3339
from core.web.methods import KnownMethods
from dashboard.access.share_links import make_page_share, revoke_share_links
from dashboard.api.shares import revocable, share_url
from dashboard.instances.throttles import ReadThrottle
from dashboard.wire import Share, ShareWish

BY_LOGIN: Any = [{"staffSession": []}]


class PageShareViewSet(KnownMethods, ViewSet):
    """A page's share links, for staff. An API key or a share link makes none."""

    # Like the other calls that have a body.
    parser_classes = [JsonBytesParser, BeaconParser]
    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    lookup_field = "share_id"
    lookup_value_converter = "uuid"

    @extend_schema(
        tags=["pages"],
        parameters=[KEY],
        request=ShareWish,
        responses={201: Share},
        auth=BY_LOGIN,
        summary="Share a page's map",
    )
    def create(self, request: Request, page_id: int) -> Response:
        """Make a link by which anyone who has it reads this page's map, and changes nothing."""
        wish = decode_body(read_body(request) or b"{}", ShareWish)
        page, user = find_page(page_id), cast(User, request.user)
        link = make_page_share(page=page, user=user, days=wish.days, now=timezone.now())
        shared = Share(link.link_id, share_url(request, link), to_rfc3339(link.ends_at))
        return Response(shared, status.HTTP_201_CREATED)

    @extend_schema(
        tags=["pages"],
        parameters=[KEY],
        responses={204: None},
        auth=BY_LOGIN,
        summary="Revoke a share link of a page",
    )
    def destroy(self, request: Request, page_id: int, share_id: UUID) -> Response:
        """Revoke a link at once. Staff revoke their own links, a superuser any."""
        page = find_page(page_id)
        links = revocable(cast(User, request.user)).filter(page=page, link_id=share_id)
        if not links.exists():
            raise NoSuchShare
        revoke_share_links(links, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
