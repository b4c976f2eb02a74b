"""`manage.py verify_rollups`: checks statuses, heat and trials against the samples.

Each is compared in a module of its own: rollups/verify.py, maps/verify.py, studies/trial_verify.py.
"""

import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from operator import attrgetter
from typing import Any, NamedTuple

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
AnyDifference = Difference | HeatDifference | TrialDifference


class Check(NamedTuple):
    """A check of one kind of rows, in steps.

    `counted` returns how many rows a step compared, `tell` some of its differences in words.
    """

    steps: Iterable[Any]
    counted: Callable[[Any], int]
    tell: Callable[[list[Any]], Iterator[str]]
    repair: Callable[..., None]


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
        compared = found = 0
        for one in self._checks(**options):
            for step in one.steps:
                compared += one.counted(step)
                self._print(one.tell(step.differences[: max(options["lines"] - found, 0)]))
                found += len(step.differences)
                if step.differences and options["repair"]:
                    one.repair(differences=step.differences, now=timezone.now())
        self._conclude(compared, found, **options)

    def _checks(self, **options: Any) -> Iterator[Check]:
        wanted, since, until = (options[name] for name in ("browsers", "since", "until"))
        browsers = [browser.pk for browser in find_browsers(wanted)] if wanted else None
        for rung in settings.RUNGS_MS:
            steps = self._steps(Scope(rung, browsers, since, until))
            tell, mend = partial(_tell, rung), partial(repair, rung=rung)
            yield Check(steps, attrgetter("statuses"), tell, mend)
        for heat in (
            verify_heat(browser_ids=browsers, since=since, until=until),
            verify_pages(since=since, until=until),
        ):
            yield Check(heat, attrgetter("rows"), _tell_heat, repair_heat)
        trials = verify_trials(browser_ids=browsers, since=since, until=until)
        yield Check(trials, attrgetter("trials"), _tell_trials, repair_trials)

    def _steps(self, scope: Scope) -> Iterator[Step]:
        name = format_duration(scope.rung)
        # On stderr, and only if that is a terminal, so that the output can be piped.
        with tqdm(total=1, desc=name, bar_format=BAR, disable=None) as bar:
            for step in verify(scope=scope):
                yield step
                bar.update(step.done - bar.n)

    def _print(self, lines: Iterable[str]) -> None:
        for line in lines:
            with tqdm.external_write_mode():
                self.stdout.write(line)

    def _conclude(self, statuses: int, found: int, **options: Any) -> None:
        if not found:
            self.stdout.write(f"{statuses} statuses compared: all are right")
            return
        if found > options["lines"]:
            self.stdout.write(f"… and {found - options['lines']} more (--lines shows them)")
        done = "repaired" if options["repair"] else "run again with --repair to recompute them"
        self.stdout.write(f"{statuses} statuses compared: {found} numbers differ, {done}")
        sys.exit(1)


def _tell(rung: int, differences: list[Difference]) -> Iterator[str]:
    names = _names(differences)
    for d in differences:
        name = names.get(d.browser_id, "an erased instance")
        yield _line(f"{name} {format_duration(rung)} {to_rfc3339(d.time)}", d)


def _tell_heat(differences: list[HeatDifference]) -> Iterator[str]:
    names = _names(differences)
    for d in differences:
        whose = f"heat of {names.get(d.browser_id)}" if d.browser_id else "all"
        where = f"page {d.page_id} {whose} {to_rfc3339(d.time)}"
        yield f"{where} cells differ" if d.column == "cells" else _line(where, d)


def _tell_trials(differences: list[TrialDifference]) -> Iterator[str]:
    names = _names(differences)
    for d in differences:
        yield _line(f"trial of {names.get(d.browser_id)} {to_rfc3339(d.started_at)}", d)


def _names(differences: Iterable[AnyDifference]) -> dict[Any, Browser]:
    return Browser.objects.in_bulk({d.browser_id for d in differences if d.browser_id})


def _line(where: str, d: AnyDifference) -> str:
    stored, expected = ("none" if n is None else n for n in (d.stored, d.expected))
    return f"{where} {d.column}: stored {stored}, should be {expected}"
