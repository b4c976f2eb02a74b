"""`manage.py storage`: the size of the data, its growth, and when the disk is full."""

import json
import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from analytics.upkeep.disk_usage import FORESIGHT_DAYS, Holding, Storage, measure_storage

UNITS = {"": 1, **{f"{u}B": 1000**n for n, u in enumerate(("", "k", "M", "G", "T", "P"))}}
UNITS |= {f"{u}iB": 1024**n for n, u in enumerate(("K", "M", "G", "T", "P"), 1)}
HEADS = (
    *("hypertable", "chunks", "rows ~", "size", "B/row", "B/event", "growth/day"),
    *("levels off at", "full in"),
)
LINE = "{:<32}{:>8}{:>15}{:>10}{:>8}{:>9}{:>12}{:>15}{:>10}"


class Command(BaseCommand):
    help = (
        "Show for each hypertable its chunks, rows (an estimate), size with index, bytes per row "
        "and per event, growth per day over the last week, the size at which retention ends its "
        "growth, and in how many days it alone fills the disk; and the total. "
        "docs/metrics.md, Storage, defines each figure."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--disk",
            type=_size,
            metavar="SIZE",
            help="of the database's disk, such as 500GB (default: the data directory's disk, "
            "if the server is on this machine)",
        )
        parser.add_argument("--json", action="store_true", help="for machines; sizes in bytes")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            storage = measure_storage(now=timezone.now(), disk_bytes=options["disk"])
        except OperationalError as error:
            # A chunk cannot be measured while it is compressed or dropped.
            raise CommandError(
                f"the database cannot measure a chunk now, try again: {error}"
            ) from None
        if options["json"]:
            self.stdout.write(json.dumps(_to_json(storage), indent=2))
            return
        self.stdout.write(LINE.format(*HEADS))
        for holding in (*storage.hypertables, storage.total):
            self.stdout.write(LINE.format(*_cells(holding)))
        size = _write(storage.database_bytes)
        self.stdout.write(f"\nThe whole database has {size}. {_tell(storage)}")


def _tell(storage: Storage) -> str:
    disk = storage.disk
    if disk is None:
        return "Its disk is unknown: --disk 500GB names its size."
    room = f"Free: {_write(disk.free)} of {_write(disk.size)}, {disk.source}."
    days = storage.total.full_in_days
    if storage.total.growth_per_day is None:
        return f"{room} Growth is unknown in the service's first hour."
    if days is None:
        return f"{room} At this growth it lasts for more than {FORESIGHT_DAYS // 365} years."
    return f"{room} At this growth it is full in {days} days."


def _cells(holding: Holding) -> list[str]:
    days = holding.full_in_days
    return [
        holding.table,
        f"{holding.chunks:,}",
        f"{holding.rows:,}",
        _write(holding.bytes),
        _number(holding.bytes_per_row),
        _number(holding.bytes_per_event),
        _write(holding.growth_per_day),
        _write(holding.levels_off_at),
        "-" if days is None else f"{days} d",
    ]


def _to_json(storage: Storage) -> dict[str, Any]:
    return {
        "hypertables": [holding._asdict() for holding in storage.hypertables],
        "total": storage.total._asdict(),
        "database_bytes": storage.database_bytes,
        "disk": storage.disk and storage.disk._asdict(),
    }


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _write(size: float | None) -> str:
    if size is None:
        return "-"
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} TB"


def _size(text: str) -> int:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)", text)
    if not match or match[2] not in UNITS or not float(match[1]):
        raise ArgumentTypeError("a size is a number with a unit, such as 500GB or 2TiB")
    return int(float(match[1]) * UNITS[match[2]])
