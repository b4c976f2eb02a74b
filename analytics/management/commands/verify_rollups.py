"""`manage.py verify_rollups`: is every status what the samples say?"""

import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from analytics.management.arguments import add_scope, find_browsers
from analytics.verification import Difference, Scope, list_differences, repair
from core.durations import format_duration
from core.times import to_rfc3339
from dashboard.models import Browser

MOST_LINES = 50


class Command(BaseCommand):
    help = (
        "Compute every status anew from the level below it (1 s statuses from samples, coarser "
        "ones from finer ones) and compare each number with what is stored. Differences are "
        "printed, and the exit code is 1 where there is any. Safe beside live traffic: what still "
        "waits to be rolled up is passed over, and so is what was sealed because older data may "
        "be gone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_scope(parser)
        parser.add_argument(
            "--repair",
            action="store_true",
            help="recompute what differs; the exit code is 1 all the same",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        browsers = find_browsers(options["browsers"])
        found = 0
        for rung in settings.RUNGS_MS:
            bar = tqdm(browsers, desc=format_duration(rung), unit=" browsers", disable=None)
            for browser in bar:
                scope = Scope(browser.pk, rung, options["since"], options["until"])
                differences = list_differences(scope=scope)
                self._print(browser, rung, differences, MOST_LINES - found)
                if differences and options["repair"]:
                    repair(scope=scope, differences=differences, now=timezone.now())
                found += len(differences)
        self._conclude(found, len(browsers), is_repaired=options["repair"])

    def _print(self, browser: Browser, rung: int, found: list[Difference], room: int) -> None:
        for d in found[: max(room, 0)]:
            where = f"{browser} {format_duration(rung)} {to_rfc3339(d.time)}"
            stored, expected = ("none" if n is None else n for n in (d.stored, d.expected))
            self.stdout.write(f"{where} {d.column}: stored {stored}, should be {expected}")

    def _conclude(self, found: int, browsers: int, *, is_repaired: bool) -> None:
        if not found:
            self.stdout.write(f"every status of {browsers} browsers is what it should be")
            return
        if found > MOST_LINES:
            self.stdout.write(f"… and {found - MOST_LINES} more")
        done = "repaired" if is_repaired else "run again with --repair to mend them"
        self.stdout.write(f"{found} numbers differ, {done}")
        sys.exit(1)
