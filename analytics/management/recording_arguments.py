"""The arguments that say how to read recordings, and the reading of the files."""

import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tqdm import tqdm

from analytics.recordings import ABSENT, FIELDS, UNITS, Options, Reading, read_file

DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "space": " "}
_NEXT_FIELD = re.compile(rf",(?=\s*(?:{'|'.join(FIELDS)})\s*=)")


def add_reading(parser: ArgumentParser) -> None:
    """Add the arguments for reading files that are ambiguous."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    _add_columns(parser)
    _add_times(parser)
    _add_rows(parser)
    text = parser.add_argument_group("text")
    text.add_argument("--encoding", help="such as utf-16 or latin-1 (default: by the bytes)")
    text.add_argument(
        "--delimiter",
        type=_delimiter,
        help="the separator of columns: a character, or tab, space (default: by the file)",
    )
    text.add_argument("--decimal", choices=[",", "."], help="the decimal mark")


def _add_columns(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("columns")
    group.add_argument(
        "--columns",
        type=_columns,
        action="append",
        default=[],
        metavar="FIELD=NAME,…",
        help=f"the column of each field, by name or by number from 1; FIELD is one of"
        f" {', '.join(FIELDS)}. {ABSENT} for none: 'time=client timestamp,x=2,seq={ABSENT}'",
    )
    group.add_argument(
        "--group-by",
        type=_names,
        default=(),
        metavar="COLUMN,…",
        help="rows that differ here belong to different pointers, an instance each, or, in columns "
        "of trials and blocks, to different trials",
    )


def _add_times(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("times")
    group.add_argument(
        "--time-unit", choices=list(UNITS), help="of numbers (default: by their size and steps)"
    )
    group.add_argument(
        "--time-format",
        metavar="FORMAT",
        help="of texts, as Python's strptime takes it: '%%d/%%m/%%Y %%H:%%M:%%S.%%f'",
    )
    group.add_argument(
        "--time-is",
        choices=["clock", "delta"],
        default="clock",
        help="delta if a time is the step from the row before",
    )
    group.add_argument(
        "--timezone",
        type=_timezone,
        metavar="ZONE",
        help="of texts without a zone: Europe/Berlin or +02:00 (default: UTC)",
    )


def _add_rows(parser: ArgumentParser) -> None:
    group = parser.add_argument_group("rows and positions")
    group.add_argument(
        "--only",
        type=_condition,
        action="append",
        default=[],
        metavar="COLUMN=VALUE,…",
        help="take only rows with one of these values: --only state=Move,Drag",
    )
    group.add_argument(
        "--drop",
        type=_drop,
        action="append",
        default=[],
        metavar="X,Y | COLUMN=VALUE,… | none",
        help="leave out rows at a position, or with one of these values; none keeps all positions",
    )
    group.add_argument(
        "--scale",
        type=_scale,
        metavar="N[,N]",
        help="factors from positions to px: 1920,1080",
    )
    group.add_argument("--flip-y", action="store_true", help="y points up in the file")
    group.add_argument(
        "--strict", action="store_true", help="refuse files with missing cells or other bad rows"
    )


def to_options(options: dict[str, Any]) -> Options:
    """Return the reader's options from the command's."""
    drops = options["drop"]
    return Options(
        columns={field: name for columns in options["columns"] for field, name in columns.items()},
        encoding=options["encoding"],
        delimiter=options["delimiter"],
        decimal=options["decimal"],
        time_unit=options["time_unit"],
        time_format=options["time_format"],
        time_is_delta=options["time_is"] == "delta",
        timezone=options["timezone"],
        group_by=options["group_by"],
        only=dict(options["only"]),
        drop={drop[0]: drop[1] for drop in drops if drop and isinstance(drop[0], str)},
        drop_positions=[drop for drop in drops if drop and not isinstance(drop[0], str)],
        keep_positions=() in drops,
        scale=options["scale"],
        flip_y=options["flip_y"],
        strict=options["strict"],
    )


def read_files(paths: Sequence[Path], options: Options) -> list[Reading]:
    """Read all files; several files get a progress bar if stderr is a terminal."""
    bar = tqdm(paths, desc="reading", unit=" files", disable=None if len(paths) > 1 else True)
    return [read_file(path, options) for path in bar]


def _columns(text: str) -> dict[str, str]:
    # A name may contain a comma, so only a comma before the next field separates.
    parts = [part.partition("=") for part in _NEXT_FIELD.split(text)]
    pairs = {field.strip(): name.strip() for field, _, name in parts}
    if pairs.keys() - set(FIELDS) or not all(pairs.values()):
        raise ArgumentTypeError(f"FIELD=NAME with FIELD one of {', '.join(FIELDS)}")
    return pairs


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _condition(text: str) -> tuple[str, list[str]]:
    name, equals, values = text.partition("=")
    if not (name.strip() and equals):
        raise ArgumentTypeError("COLUMN=VALUE,…, such as state=Move,Drag")
    return name.strip(), [value.strip() for value in values.split(",")]


def _drop(text: str) -> tuple:
    if text == "none":
        return ()
    if "=" in text:
        return _condition(text)
    numbers = _numbers(text)
    if len(numbers) != 2:
        raise ArgumentTypeError("X,Y such as 0,0; COLUMN=VALUE,…; or none")
    return numbers


def _scale(text: str) -> tuple[float, float]:
    numbers = _numbers(text)
    if len(numbers) not in (1, 2) or not all(numbers):
        raise ArgumentTypeError("a number, or two for x and y: 1920,1080")
    return numbers[0], numbers[-1]


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(map(float, text.split(",")))
    except ValueError:
        return ()


def _delimiter(text: str) -> str:
    mark = DELIMITERS.get(text, text)
    if len(mark) != 1 or mark in "\r\n\"'":
        raise ArgumentTypeError("one character, or one of comma, semicolon, tab, space")
    return mark


def _timezone(text: str) -> tzinfo:
    try:
        if text[:1] in "+-":
            return datetime.strptime(text, "%z").tzinfo or UTC
        return ZoneInfo(text)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        raise ArgumentTypeError("a zone such as Europe/Berlin, UTC or +02:00") from None
