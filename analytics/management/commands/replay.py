"""`manage.py replay`: a recording becomes a browser instance whose pointer moves again."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analytics.recordings import UNITS_US, RecordedSample, RecordingError, read_recording
from analytics.replays import ReplayError, replay


class Command(BaseCommand):
    help = (
        "Send recordings (CSV with a header) through the REST API, each as a new browser instance, "
        "and print the address of its page. Times are moved so that a recording ends now. "
        "All files are read and checked before anything is sent."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--columns",
            type=_columns,
            default={},
            metavar="FIELD=NAME,…",
            help="what the file calls time, x, y, seq and enter, where it is not obvious: "
            "--columns 'time=client timestamp,x=px'",
        )
        parser.add_argument(
            "--time-unit", choices=list(UNITS_US), default="s", help="of numeric times (default: s)"
        )
        parser.add_argument(
            "--speed",
            type=_speed,
            default=None,
            help="1 is real time, 2 twice as fast, max (the default) as fast as it goes",
        )
        parser.add_argument(
            "--url", default="http://127.0.0.1:8000", help="the service (default: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            recordings = {
                path: read_recording(path, columns=options["columns"], unit=options["time_unit"])
                for path in options["files"]
            }
            for path, samples in recordings.items():
                self._replay(path, samples, options)
        except (RecordingError, ReplayError) as error:
            raise CommandError(str(error)) from None

    def _replay(self, path: Path, samples: list[RecordedSample], options: dict[str, Any]) -> None:
        url = options["url"].rstrip("/")
        # To stderr, and silent where that is no terminal, so that the output can be piped.
        with tqdm(total=len(samples), desc=path.name, unit=" events", disable=None) as bar:
            done = replay(samples, url=url, speed=options["speed"], on_sent=bar.update)
        self.stdout.write(
            f"{path.name}: {done.accepted} events stored"
            f", {done.duplicates} duplicates, {done.conflicts} conflicts\n{done.page_url}"
        )


def _columns(text: str) -> dict[str, str]:
    pairs = dict(pair.partition("=")[::2] for pair in text.split(","))
    unknown = set(pairs) - {"time", "x", "y", "seq", "enter"}
    if unknown or not all(pairs.values()):
        raise ArgumentTypeError("FIELD=NAME with FIELD one of time, x, y, seq, enter")
    return pairs


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    # Slower than life would put the first samples into the future.
    if not 1 <= speed <= 1000:
        raise ArgumentTypeError("max, or a number from 1 to 1000")
    return speed
