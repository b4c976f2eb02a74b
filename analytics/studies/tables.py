"""Measures of many instances or trials as rows of one file."""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple, TextIO
from uuid import UUID

from msgspec.structs import astuple, fields

from analytics.reading import Selection
from analytics.studies.measures import measure
from analytics.wire import Measured
from core.api.file_formats import Column, Kind, Page
from core.api.problems import Invalid
from core.values.times import parse_time
from dashboard.models import Browser

UNITS = {
    **dict.fromkeys(("tracked_time", "moving_time", "pause_time", "stroke_time"), "s"),
    **dict.fromkeys(("path_length", "net_x", "net_y", "net_displacement"), "px"),
    **dict.fromkeys(("acceleration_max", "acceleration_min"), "px/s²"),
    "jerk_rms": "px/s³",
}
COLUMNS = (
    Column("instance_id", Kind.TEXT, "", "the browser instance, a UUID"),
    Column("trial", Kind.TEXT, "", "the trial's name; empty where no trials are given"),
    Column("since", Kind.TIME, "", "the range's start, UTC; empty: from the first sample"),
    Column("until", Kind.TIME, "", "the range's end, UTC, not included; empty: to the last sample"),
    Column("pause_ms", Kind.INT64, "ms", "a longer rest is a pause"),
    *(
        Column(
            field.name,
            Kind.INT64 if field.type is int or "entries" in field.name else Kind.FLOAT64,
            "px/s" if field.name.startswith("velocity") else UNITS.get(field.name, ""),
            "[metrics.md](metrics.md#research-measures)",
        )
        for field in fields(Measured)
    ),
)
NOTHING = (None,) * len(fields(Measured))


class Trial(NamedTuple):
    """A range of an instance's samples, [since, until); without a name where it is no trial."""

    browser: Browser
    since: datetime | None
    until: datetime | None
    name: str = ""


def measure_trials(*, trials: Iterable[Trial], pause_ms: int) -> Iterator[Page]:
    """Yield one row of COLUMNS for each trial; rests longer than `pause_ms` are pauses.

    The measures of a trial with more samples than can be measured at once are None.
    """
    for browser, since, until, name in trials:
        try:
            selection = Selection(browser.pk, since, until)
            measures = astuple(measure(selection=selection, pause_ms=pause_ms))
        except Invalid:
            measures = NOTHING
        yield [(str(browser.instance_id), name, since, until, pause_ms, *measures)]


def read_trials(file: TextIO) -> list[Trial]:
    """Read trials from CSV with the columns `instance_id`, `since`, `until`, and `trial` if wanted.

    ValueError names the line that cannot be read, or the instance that does not exist.
    """
    rows = list(enumerate(csv.DictReader(file), start=2))
    read = [_read(line, row) for line, row in rows]
    found = {b.instance_id: b for b in Browser.objects.filter(instance_id__in={r[0] for r in read})}
    if missing := {instance for instance, *_ in read} - found.keys():
        raise ValueError(f"no such instance: {', '.join(map(str, sorted(missing)))}")
    return [Trial(found[instance], since, until, name) for instance, since, until, name in read]


def _read(line: int, row: dict[str, str]) -> tuple[UUID, datetime, datetime, str]:
    try:
        since, until = parse_time(row["since"]), parse_time(row["until"])
        return UUID(row["instance_id"]), since, until, row.get("trial") or ""
    except KeyError as error:
        raise ValueError(f"no column {error.args[0]}") from None
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"line {line}: {error}") from None
