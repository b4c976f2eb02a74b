"""`manage.py api_key`: keys by which programs of staff read the API."""

from argparse import ArgumentParser, ArgumentTypeError
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from core.values.times import to_rfc3339
from dashboard.access.api_keys import (
    DEFAULT_DAYS,
    MOST_DAYS,
    make_api_key,
    revoke_api_keys,
    valid_api_keys,
)
from dashboard.models import ApiKey


class Command(BaseCommand):
    help = (
        "Make, list and revoke API keys. A program sends one as `Authorization: Bearer ps_…`, and "
        "then reads by REST what the key's user may read. It can change nothing. A key ends with "
        "its days, when it is revoked, and when its user is not active or not staff any more."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True, metavar="create|list|revoke")
        create = what.add_parser("create", help="make a key and print it, once")
        create.add_argument("user", type=_staff, metavar="USER", help="a member of staff")
        create.add_argument("name", type=_name, metavar="NAME", help="what will use it")
        create.add_argument(
            "--days",
            type=_days,
            default=DEFAULT_DAYS,
            help=f"how long it is valid, 1 to {MOST_DAYS} (default: {DEFAULT_DAYS})",
        )
        listing = what.add_parser("list", help="list the valid keys, the newest first")
        listing.add_argument("--all", action="store_true", help="also those that have ended")
        revoke = what.add_parser("revoke", help="revoke a key at once")
        revoke.add_argument("prefix", metavar="PREFIX", help="how it begins, as `list` prints it")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        match options["what"]:
            case "create":
                self._create(options["user"], options["name"], options["days"], now)
            case "list":
                self._list(options["all"], now)
            case "revoke":
                self._revoke(options["prefix"], now)

    def _create(self, user: User, name: str, days: int, now: datetime) -> None:
        made = make_api_key(user=user, name=name, days=days, now=now)
        # On two streams, so that a script can keep the key alone.
        self.stderr.write(
            f"The key of {user} for {name}, valid until {to_rfc3339(made.key.ends_at)}."
            " It is shown only once:"
        )
        self.stdout.write(made.text)

    def _list(self, with_ended: bool, now: datetime) -> None:
        keys = ApiKey.objects.all() if with_ended else valid_api_keys(now)
        for key in keys.select_related("user"):
            used = f"used {to_rfc3339(key.used_at)}" if key.used_at else "not used"
            state = "until" if key.is_valid(now) else _why_not(key, now)
            ends = to_rfc3339(key.ends_at)
            self.stdout.write(f"{key.prefix}  {key.user}  {key.name}  {state} {ends}  {used}")

    def _revoke(self, prefix: str, now: datetime) -> None:
        if not revoke_api_keys(ApiKey.objects.filter(prefix=prefix), now=now):
            raise CommandError(f"There is no key {prefix} that is not revoked.")
        self.stdout.write(f"{prefix} is revoked.")


def _why_not(key: ApiKey, now: datetime) -> str:
    if key.revoked_at:
        return "revoked; it was until"
    return "ended" if key.ends_at <= now else "its user is not staff; until"


def _staff(text: str) -> User:
    user = User.objects.filter(username=text, is_active=True, is_staff=True).first()
    if user is None:
        raise ArgumentTypeError(f"{text} is not an active member of staff")
    return user


def _name(text: str) -> str:
    most = ApiKey._meta.get_field("name").max_length or 0
    if not text.strip() or len(text) > most or not text.isprintable():
        raise ArgumentTypeError(f"use 1 to {most} printable characters")
    return text.strip()


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise ArgumentTypeError(f"{text} is not a number of days from 1 to {MOST_DAYS}")
    return int(text)
