"""The API of share links, by which a person without a login reads one instance."""

from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from core.api.bodies import BeaconParser, JsonBytesParser, decode_body, read_body
from core.api.problems import NoSuchShare
from core.values.times import to_rfc3339
from core.web.methods import KnownMethods
from dashboard.access.share_links import make_share_link, revoke_share_links, ticket_of
from dashboard.instances.permissions import HoldsTokenOrIsStaff, header_token, visible_browser
from dashboard.instances.throttles import ReadThrottle, spend_share
from dashboard.models import ShareLink
from dashboard.wire import Share, ShareWish


class ShareViewSet(KnownMethods, ViewSet):
    """An instance's share links. An API key or a share link makes none, which would outlast it."""

    # Like the other calls about an instance.
    parser_classes = [JsonBytesParser, BeaconParser]
    permission_classes = [HoldsTokenOrIsStaff]
    throttle_classes = [ReadThrottle]
    lookup_field = "share_id"
    lookup_value_converter = "uuid"

    @extend_schema(
        tags=["browsers"], request=ShareWish, responses={201: Share}, summary="Share an instance"
    )
    def create(self, request: Request, instance_id: UUID) -> Response:
        """Make a link by which anyone who has it reads this instance, and changes nothing."""
        wish = decode_body(read_body(request) or b"{}", ShareWish)
        browser = visible_browser(request, instance_id)
        user = _staff(request)
        if user is None:
            spend_share(browser)
        link = make_share_link(browser=browser, user=user, days=wish.days, now=timezone.now())
        shared = Share(link.link_id, share_url(request, link), to_rfc3339(link.ends_at))
        return Response(shared, status.HTTP_201_CREATED)

    @extend_schema(tags=["browsers"], responses={204: None}, summary="Revoke a share link")
    def destroy(self, request: Request, instance_id: UUID, share_id: UUID) -> Response:
        """Revoke a link at once. Tokens and staff revoke their own links, a superuser any."""
        browser = visible_browser(request, instance_id)
        links = revocable(_staff(request)).filter(browser=browser, link_id=share_id)
        if not links.exists():
            raise NoSuchShare
        revoke_share_links(links, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


def share_url(request: HttpRequest | Request, link: ShareLink) -> str:
    """Return a link's address. The ticket is its fragment, which no server and no Referer gets."""
    return f"{request.build_absolute_uri(_path_of(link))}#share={ticket_of(link)}"


def _path_of(link: ShareLink) -> str:
    if link.browser:
        return reverse("browser", args=[link.browser.instance_id])
    if link.page_id:
        return reverse("page", args=[link.page_id])
    return f"{reverse('shared-study')}?{urlencode({'study': link.study})}"


def revocable(user: User | None) -> QuerySet[ShareLink]:
    """Return the links that this member of staff may revoke; without one, those of tokens."""
    if user and user.has_perm("dashboard.change_sharelink"):
        return ShareLink.objects.all()
    return ShareLink.objects.filter(created_by=user)


def _staff(request: Request) -> User | None:
    return None if header_token(request) else cast(User, request.user)
