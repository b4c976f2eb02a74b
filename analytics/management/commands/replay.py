"""`manage.py replay`: a recording becomes a browser instance whose pointer moves again."""

from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from analytics.recordings import (
    KNOWN_NAMES,
    UNITS_US,
    RecordedSample,
    RecordingError,
    read_recordings,
)
from analytics.replays import ReplayError, replay


class Command(BaseCommand):
    help = (
        "Send recordings (CSV with a header, NDJSON or Parquet, such as `export` writes) through "
        "the REST API, each as a new browser instance, and print the address of its page. A file "
        "with an instance_id becomes one new instance for each. Times are moved so that a "
        "recording ends now. All files are read and checked before anything is sent."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--columns",
            type=_columns,
            default={},
            metavar="FIELD=NAME,…",
            help="what the file calls time, x, y, seq, enter and instance, where it is not "
            "obvious: --columns 'time=client timestamp,x=px'",
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
            "--keep-times",
            action="store_true",
            help="send the recorded times as they are: the same statuses, bucket by bucket, where "
            "the service still takes such old samples (RAW_RETENTION_DAYS)",
        )
        parser.add_argument(
            "--url", default="http://127.0.0.1:8000", help="the service (default: %(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep_times"] and options["speed"]:
            raise CommandError("--keep-times goes as fast as it can, without --speed")
        try:
            recordings = [
                (f"{path.name} {instance}".rstrip(), samples)
                for path in options["files"]
                for instance, samples in read_recordings(
                    path, columns=options["columns"], unit=options["time_unit"]
                ).items()
            ]
            for name, samples in recordings:
                self._replay(name, samples, options)
        except (RecordingError, ReplayError) as error:
            raise CommandError(str(error)) from None

    def _replay(self, name: str, samples: list[RecordedSample], options: dict[str, Any]) -> None:
        # To stderr, and silent where that is no terminal, so that the output can be piped.
        with tqdm(total=len(samples), desc=name, unit=" events", disable=None) as bar:
            done = replay(
                samples,
                url=options["url"].rstrip("/"),
                speed=options["speed"],
                keep_times=options["keep_times"],
                on_sent=bar.update,
            )
        self.stdout.write(
            f"{name}: {done.accepted} events stored"
            f", {done.duplicates} duplicates, {done.conflicts} conflicts\n{done.page_url}"
        )


def _columns(text: str) -> dict[str, str]:
    pairs = dict(pair.partition("=")[::2] for pair in text.split(","))
    if pairs.keys() - KNOWN_NAMES.keys() or not all(pairs.values()):
        raise ArgumentTypeError(f"FIELD=NAME with FIELD one of {', '.join(KNOWN_NAMES)}")
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
