"""Share links of studies: a person without a login sees one study's page, and no more."""

from typing import Annotated, cast
from uuid import UUID

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from msgspec import Meta
from rest_framework import status
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from analytics.api.page_shares import BY_LOGIN
from analytics.models import Trial
from core.api.bodies import BeaconParser, JsonBytesParser, decode_body, read_body
from core.api.problems import NoSuchShare, NoSuchStudy
from core.storage.replica import stale
from core.values.times import to_rfc3339
from core.web.methods import KnownMethods
from dashboard.access.share_links import make_study_share, revoke_share_links
from dashboard.api.shares import revocable, share_url
from dashboard.instances.throttles import ReadThrottle
from dashboard.models import LONGEST_STUDY
from dashboard.wire import Share, ShareWish

StudyName = Annotated[
    str,
    Meta(min_length=1, max_length=LONGEST_STUDY, pattern=r"^[^\x00]*$", description="the study"),
]


class StudyShareWish(ShareWish, forbid_unknown_fields=True, kw_only=True):
    """Which study a link shares, and how long the link is valid."""

    study: StudyName


class StudyShareViewSet(KnownMethods, ViewSet):
    """Studies' share links, for staff. An API key or a share link makes none."""

    # As the other calls with a body.
    parser_classes = [JsonBytesParser, BeaconParser]
    permission_classes = [IsAdminUser]
    throttle_classes = [ReadThrottle]
    lookup_field = "share_id"
    lookup_value_converter = "uuid"

    @extend_schema(
        tags=["studies"],
        request=StudyShareWish,
        responses={201: Share},
        auth=BY_LOGIN,
        summary="Share a study",
    )
    def create(self, request: Request) -> Response:
        """Make a link by which anyone who has it sees this study's page, and changes nothing."""
        wish = decode_body(read_body(request) or b"{}", StudyShareWish)
        if not stale(Trial).filter(study=wish.study).exists():
            raise NoSuchStudy
        user = cast(User, request.user)
        link = make_study_share(study=wish.study, user=user, days=wish.days, now=timezone.now())
        shared = Share(link.link_id, share_url(request, link), to_rfc3339(link.ends_at))
        return Response(shared, status.HTTP_201_CREATED)

    @extend_schema(
        tags=["studies"],
        responses={204: None},
        auth=BY_LOGIN,
        summary="Revoke a share link of a study",
    )
    def destroy(self, request: Request, share_id: UUID) -> Response:
        """Revoke a link at once: staff theirs, a superuser any."""
        links = revocable(cast(User, request.user)).filter(study__isnull=False, link_id=share_id)
        if not links.exists():
            raise NoSuchShare
        revoke_share_links(links, now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
