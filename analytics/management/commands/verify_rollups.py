"""`manage.py verify_rollups`: checks every status against the samples."""

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from tqdm import tqdm

from analytics.management.arguments import add_scope, find_browsers
from analytics.maps.repair import repair_heat
from analytics.maps.verify import HeatDifference, verify_heat, verify_pages
from analytics.rollups.repair import repair
from analytics.rollups.verify import Difference, Scope, Step, verify
from analytics.studies.trial_verify import TrialDifference, repair_trials, verify_trials
from core.values.durations import format_duration
from core.values.times import to_rfc3339
from dashboard.models import Browser

BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"


class Command(BaseCommand):
    help = (
        "Compute every status anew from the level below it (1 s statuses and heat from samples, "
        "coarser ones and the heat of pages from finer ones; trials from marks and samples) and "
        "compare each number with the stored one. Differences are printed. The exit code is 1 if "
        "there are any, and 2 if the check itself failed. It is "
        "safe beside live traffic: it skips what still waits to be rolled up, and what was "
        "sealed because older data may have been dropped."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_scope(parser)
        parser.add_argument(
            "--repair",
            action="store_true",
            help="recompute what differs; the exit code stays 1",
        )
        parser.add_argument(
            "--lines", type=int, default=50, help="how many differences to print (default: 50)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._verify(**options)
        except DatabaseError as error:
            why = f"the check did not finish: {error}"
            raise CommandError(why, returncode=2) from None

    def _verify(self, **options: Any) -> None:
        wanted = options["browsers"]
        browsers = [browser.pk for browser in find_browsers(wanted)] if wanted else None
        statuses = found = 0
        for rung in settings.RUNGS_MS:
            scope = Scope(rung, browsers, options["since"], options["until"])
            for step in self._steps(scope):
                statuses += step.statuses
                self._print(rung, step.differences[: max(options["lines"] - found, 0)])
                found += len(step.differences)
                if step.differences and options["repair"]:
                    repair(rung=rung, differences=step.differences, now=timezone.now())
        for steps in (
            verify_heat(browser_ids=browsers, since=options["since"], until=options["until"]),
            verify_pages(since=options["since"], until=options["until"]),
        ):
            for heat in steps:
                statuses += heat.rows
                self._print_heat(heat.differences[: max(options["lines"] - found, 0)])
                found += len(heat.differences)
                if heat.differences and options["repair"]:
                    repair_heat(differences=heat.differences, now=timezone.now())
        for trials in verify_trials(
            browser_ids=browsers, since=options["since"], until=options["until"]
        ):
            statuses += trials.trials
            self._print_trials(trials.differences[: max(options["lines"] - found, 0)])
            found += len(trials.differences)
            if trials.differences and options["repair"]:
                repair_trials(differences=trials.differences, now=timezone.now())
        self._conclude(statuses, found, **options)

    def _steps(self, scope: Scope) -> Iterator[Step]:
        name = format_duration(scope.rung)
        # On stderr, and only if that is a terminal, so that the output can be piped.
        with tqdm(total=1, desc=name, bar_format=BAR, disable=None) as bar:
            for step in verify(scope=scope):
                yield step
                bar.update(step.done - bar.n)

    def _print(self, rung: int, differences: list[Difference]) -> None:
        names = Browser.objects.in_bulk({d.browser_id for d in differences})
        for d in differences:
            name = names.get(d.browser_id, "an erased instance")
            where = f"{name} {format_duration(rung)} {to_rfc3339(d.time)}"
            stored, expected = ("none" if n is None else n for n in (d.stored, d.expected))
            with tqdm.external_write_mode():
                self.stdout.write(f"{where} {d.column}: stored {stored}, should be {expected}")

    def _print_heat(self, differences: list[HeatDifference]) -> None:
        names = Browser.objects.in_bulk({d.browser_id for d in differences if d.browser_id})
        for d in differences:
            whose = f"heat of {names.get(d.browser_id)}" if d.browser_id else "all"
            where = f"page {d.page_id} {whose} {to_rfc3339(d.time)}"
            if d.column == "cells":
                line = f"{where} cells differ"
            else:
                stored, expected = ("none" if n is None else n for n in (d.stored, d.expected))
                line = f"{where} {d.column}: stored {stored}, should be {expected}"
            with tqdm.external_write_mode():
                self.stdout.write(line)

    def _print_trials(self, differences: list[TrialDifference]) -> None:
        names = Browser.objects.in_bulk({d.browser_id for d in differences})
        for d in differences:
            where = f"trial of {names.get(d.browser_id)} {to_rfc3339(d.started_at)}"
            stored, expected = ("none" if n is None else n for n in (d.stored, d.expected))
            self.stdout.write(f"{where} {d.column}: stored {stored}, should be {expected}")

    def _conclude(self, statuses: int, found: int, **options: Any) -> None:
        if not found:
            self.stdout.write(f"{statuses} statuses compared: all are right")
            return
        if found > options["lines"]:
            self.stdout.write(f"… and {found - options['lines']} more (--lines shows them)")
        done = "repaired" if options["repair"] else "run again with --repair to recompute them"
        self.stdout.write(f"{statuses} statuses compared: {found} numbers differ, {done}")
        sys.exit(1)
