"""`manage.py backfill`: computes the statuses of rungs that were added to the ladder."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone
from tqdm import tqdm

from analytics.rollups.backfill import fill, forget_removed_rungs, list_browsers_to_fill
from analytics.rollups.rungs import store_ladder
from core.values.durations import format_duration, parse_duration


class Command(BaseCommand):
    help = (
        "Compute the statuses of each rung of the ladder (RUNGS) from all data that the rung "
        "below still has. Run it after a change of RUNGS and a restart. It may run beside live "
        "traffic, and be stopped and repeated at any time; correct statuses do not change."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rung",
            type=_rung,
            action="append",
            dest="rungs",
            metavar="RUNG",
            help="only this rung, such as 5m; may be repeated (default: all but the first)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        rungs = sorted(options["rungs"] or settings.RUNGS_MS[1:])
        store_ladder()
        forgotten = forget_removed_rungs()
        if forgotten:
            self.stdout.write(f"{forgotten} marks of removed rungs deleted")
        browsers = list_browsers_to_fill()
        for rung in rungs:
            self._fill(rung, browsers)

    def _fill(self, rung: int, browsers: list[int]) -> None:
        name = format_duration(rung)
        changed = 0
        for browser_id in tqdm(browsers, desc=name, unit=" browsers", disable=None):
            changed += fill(rung=rung, browser_id=browser_id, now=timezone.now())
        self.stdout.write(f"{name}: {changed} statuses changed, of {len(browsers)} browsers")


def _rung(text: str) -> int:
    ladder = ", ".join(map(format_duration, settings.RUNGS_MS))
    try:
        rung = parse_duration(text)
    except ValueError:
        rung = 0
    if rung not in settings.RUNGS_MS:
        raise ArgumentTypeError(f"{text} is not a rung of the ladder, which has {ladder}")
    return rung
