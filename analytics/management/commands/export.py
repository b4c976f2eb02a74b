"""`manage.py export`: stored rows of instances as a file."""

import os
import signal
import sys
from argparse import ArgumentParser, ArgumentTypeError, FileType
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from tqdm import tqdm

from analytics.management.arguments import add_scope, find_browsers
from analytics.reading.events import EVENTS
from analytics.reading.events_in_scenes import EVENTS_IN_SCENES
from analytics.reading.export import (
    INSTANCE,
    INSTANCE_COLUMNS,
    STATUS_COLUMNS,
    Scope,
    count_rows,
    export_instances,
    export_rows,
    export_statuses,
    whole_or_nothing,
)
from analytics.reading.ranges import Source
from analytics.reading.scenes import MARKS, SCENES
from analytics.studies.measures import DEFAULT_PAUSE_MS, MAX_EVENTS
from analytics.studies.path_list import COLUMNS as PATH_COLUMNS
from analytics.studies.path_list import page_paths
from analytics.studies.tables import COLUMNS as MEASURE_COLUMNS
from analytics.studies.tables import NOTHING, Trial, measure_trials, read_trials
from analytics.studies.trial_list import COLUMNS as TRIAL_COLUMNS
from analytics.studies.trial_list import TrialFilters, page_trials
from core.api.file_formats import FORMATS, Column, Format, Page
from core.values.durations import FIRST_RUNG_MS, format_duration, parse_duration

STDOUT = Path("-")
SOURCES = {"events": EVENTS, "scenes": SCENES, "marks": MARKS}


class Command(BaseCommand):
    help = (
        "Write the samples (events), scenes, marks, trials, their paths, statuses or research "
        "measures of all instances, or of some, or the instances themselves, as one file of CSV, "
        "NDJSON or Parquet. docs/export.md describes every column. Rows are read page by page, so "
        "memory stays constant. The file appears once it is complete: a command that fails or is "
        "stopped leaves nothing behind. `replay` reads exported events, and scenes, marks and "
        "labels with them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "rows", choices=[*SOURCES, "instances", "statuses", "measures", "trials", "paths"]
        )
        add_scope(parser)
        parser.add_argument(
            "--with",
            choices=["scene"],
            dest="added",
            help="of events: adds what lies under the pointer, the columns of the sample's scene",
        )
        parser.add_argument(
            "--interval",
            "--rung",
            type=_interval,
            default=None,
            help="of statuses: a rung of the ladder, or a multiple of one, "
            f"such as 30s (default: {format_duration(FIRST_RUNG_MS)})",
        )
        parser.add_argument(
            "--pause",
            type=int,
            default=DEFAULT_PAUSE_MS,
            metavar="MS",
            help="of measures: a longer rest is a pause (default: %(default)s)",
        )
        parser.add_argument(
            "--trials",
            type=FileType(encoding="utf-8-sig"),
            metavar="FILE",
            help="of measures: a row for each trial, from CSV with the columns instance_id, since, "
            "until, and trial for its name",
        )
        parser.add_argument(
            "--format",
            choices=list(FORMATS),
            help="default: by the output's suffix, otherwise csv",
        )
        parser.add_argument(
            "--output",
            type=Path,
            default=STDOUT,
            metavar="FILE",
            help="the output, which replaces an existing file. - is stdout (the default)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        kind = _format(options["format"], output)
        # Handled as Ctrl-C, so that a partial file is removed.
        signal.signal(signal.SIGTERM, _stop)
        try:
            columns, pages = self._rows(options)
            with whole_or_nothing(output) if output != STDOUT else nullcontext(_stdout()) as file:
                for chunk in kind.write(columns, pages):
                    file.write(chunk)
        except BrokenPipeError:
            # The reader, such as head, has ended. Python must not flush the output at its exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except OSError as error:
            raise CommandError(f"{output}: {error.strerror}") from None
        except DatabaseError as error:
            raise CommandError(f"the database failed: {error}") from None

    def _rows(self, options: dict[str, Any]) -> tuple[Sequence[Column], Iterator[Page]]:
        if options["rows"] == "measures":
            return MEASURE_COLUMNS, self._measured(self._trials(options), options["pause"])
        scope = Scope(find_browsers(options["browsers"]), options["since"], options["until"])
        interval_ms, rows = options["interval"], options["rows"]
        if options["added"] and rows != "events":
            raise CommandError("--with is for events")
        if rows == "statuses":
            interval_ms = interval_ms or FIRST_RUNG_MS
            pages = export_statuses(scope=scope, interval_ms=interval_ms)
            return STATUS_COLUMNS, self._watched(pages, scope, interval_ms)
        if interval_ms:
            raise CommandError("only statuses have an --interval")
        if rows == "instances":
            return INSTANCE_COLUMNS, export_instances(scope=scope)
        if rows == "trials":
            return TRIAL_COLUMNS, page_trials(filters=_to_filters(options))
        if rows == "paths":
            return PATH_COLUMNS, page_paths(filters=_to_filters(options))
        source = EVENTS_IN_SCENES if options["added"] else SOURCES[rows]
        pages = export_rows(scope=scope, source=source)
        return (INSTANCE, *source.columns), self._watched(pages, scope, None, source)

    def _trials(self, options: dict[str, Any]) -> list[Trial]:
        given, since, until = options["trials"], options["since"], options["until"]
        if not given:
            return [Trial(b, since, until) for b in find_browsers(options["browsers"])]
        try:
            return read_trials(given)
        except ValueError as error:
            raise CommandError(f"{given.name}: {error}", returncode=2) from None

    def _measured(self, trials: list[Trial], pause_ms: int) -> Iterator[Page]:
        pages = measure_trials(trials=trials, pause_ms=pause_ms)
        left_out = 0
        for page in tqdm(pages, total=len(trials), unit=" rows", disable=not sys.stderr.isatty()):
            left_out += sum(row[-len(NOTHING) :] == NOTHING for row in page)
            yield page
        if left_out:
            said = f"{left_out} rows have no measures: more than {MAX_EVENTS:,} samples"
            self.stderr.write(f"{said}. Export shorter ranges, by --trials.")

    def _watched(
        self,
        pages: Iterator[Page],
        scope: Scope,
        interval_ms: int | None,
        source: Source = EVENTS,
    ) -> Iterator[Page]:
        # On stderr, and only if that is a terminal.
        is_shown = sys.stderr.isatty()
        total = None
        if is_shown:
            total = count_rows(scope=scope, interval_ms=interval_ms, source=source)
        with tqdm(total=total, unit=" rows", unit_scale=True, disable=not is_shown) as bar:
            for page in pages:
                yield page
                bar.update(len(page))


def _to_filters(options: dict[str, Any]) -> TrialFilters:
    wanted = options["browsers"]
    return TrialFilters(
        since=options["since"],
        until=options["until"],
        browser_ids=[browser.pk for browser in find_browsers(wanted)] if wanted else None,
    )


def _format(name: str | None, output: Path) -> Format:
    """Return the named format, or the one of the output's suffix."""
    name = name or output.suffix.removeprefix(".") or "csv"
    if name not in FORMATS:
        raise CommandError(
            f"{output} has no known suffix: name the format with --format {'|'.join(FORMATS)}"
        )
    kind = FORMATS[name]
    if output == STDOUT and not kind.is_text and sys.stdout.isatty():
        raise CommandError("this format is binary: name a file with --output, or use a pipe")
    return kind


def _stdout() -> BinaryIO:
    return sys.stdout.buffer


def _stop(*_: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)


def _interval(text: str) -> int:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text} is none of: {error}") from None
