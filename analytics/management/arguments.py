"""Arguments that several commands share."""

from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.core.management.base import CommandError

from core.values.times import parse_time
from dashboard.models import Browser


def add_scope(parser: ArgumentParser) -> None:
    """Add the arguments `browsers`, `since` and `until`: which instances, and which range."""
    parser.add_argument("--since", type=_time, help="RFC 3339 or epoch ms (default: all)")
    parser.add_argument("--until", type=_time, help="likewise, not included")
    parser.add_argument(
        "--browser",
        type=UUID,
        action="append",
        dest="browsers",
        metavar="INSTANCE_ID",
        help="only this instance; may be repeated (default: all)",
    )


def find_browsers(wanted: Sequence[UUID] | None) -> list[Browser]:
    """Return these instances, or all; CommandError if one of them does not exist."""
    if not wanted:
        return list(Browser.objects.order_by("pk"))
    browsers = list(Browser.objects.filter(instance_id__in=wanted).order_by("pk"))
    missing = set(wanted) - {browser.instance_id for browser in browsers}
    if missing:
        missed = ", ".join(map(str, sorted(missing)))
        raise CommandError(f"no such instance: {missed}", returncode=2)
    return browsers


def _time(text: str) -> datetime:
    try:
        return parse_time(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
