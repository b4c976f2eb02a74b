"""`manage.py import`: turns recordings of any origin into browser instances."""

import csv
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from analytics.management.beside_samples import add_beside, with_beside
from analytics.management.imported import Imported
from analytics.management.recording_arguments import add_reading, read_files, to_options
from analytics.management.sending_files import Job, add_url, refuse_if_any, send_all
from analytics.recordings import Reading, Sent, check, lies_in_window, preview, summary

EPILOG = """\
First look, then import:
  manage.py import --dry-run session.csv
  manage.py import session.csv

Files that need options:
  manage.py import --columns 'time=client timestamp,x=px,y=py' session.csv
  manage.py import --columns time=1,x=2,y=3 no_header.txt
  manage.py import --time-unit ms --timezone Europe/Berlin log.csv
  manage.py import --group-by participant,trial study.csv
  manage.py import --scale 1920,1080 --flip-y psychopy.csv
  manage.py import --drop 0,0 --drop event=scroll session.csv

docs/import.md explains every rule."""


class Command(BaseCommand):
    help = (
        "Read recordings of pointers, report what was understood, and store them: CSV and other\n"
        "delimited text, JSON, Parquet, each also as .gz. Each pointer becomes a new browser\n"
        "instance. Times are kept if the service still accepts samples that old; otherwise each\n"
        "recording is moved so that it ends now. All files are read and checked before anything\n"
        "is sent. If a later step fails, or Ctrl-C stops it, everything sent is erased again.\n"
        "A recording that was imported before is not sent again. Columns of participants, trials,\n"
        "blocks, conditions and responses become labels and trials with their measures."
    )

    def create_parser(self, *args: Any, **options: Any) -> Any:
        """Keep the line ends of the help and its examples."""
        return super().create_parser(
            *args, formatter_class=_HelpFormatter, epilog=EPILOG, **options
        )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="report what was understood, and send nothing"
        )
        add_reading(parser)
        group = parser.add_argument_group("sending")
        times = group.add_mutually_exclusive_group()
        times.add_argument(
            "--keep-times",
            action="store_true",
            help="keep the recorded times, and refuse files with times that are not accepted",
        )
        times.add_argument(
            "--end-now", action="store_true", help="move all recordings so that they end now"
        )
        group.add_argument(
            "--again",
            action="store_true",
            help="send recordings again that were imported before, as further instances",
        )
        group.add_argument(
            "--mapping",
            type=Path,
            metavar="FILE",
            help="write a CSV with the instance of each participant",
        )
        add_beside(group)
        add_url(group)

    def handle(self, *args: Any, **options: Any) -> None:
        readings = read_files(options["files"], to_options(options))
        now = timezone.now()
        keeps = options["keep_times"] or (
            not options["end_now"] and lies_in_window(readings, now=now)
        )
        for reading in readings:
            check(reading, keeps_times=keeps, now=now)
        self._show(readings, keeps, options)
        refuse_if_any(readings)
        if options["dry_run"]:
            self.stdout.write("Nothing was sent (--dry-run).")
            return
        mapping: Path | None = options["mapping"]
        if mapping:
            refuse_unwritable(mapping)
        jobs = with_beside(
            [Job(reading, recording) for reading in readings for recording in reading.recordings],
            options,
        )
        imported = Imported(jobs, keeps_times=keeps, url=options["url"], is_again=options["again"])
        new = imported.new
        sent = send_all(
            new,
            url=options["url"],
            keeps_times=keeps,
            on_begun=imported.begin,
            on_all_sent=imported.keep,
        )
        self._conclude(new, sent)
        for job, instance_id in imported.old():
            self.stdout.write(
                f"{job.name}: imported before, nothing was sent (--again sends it once more)\n"
                f"  instance {instance_id}"
            )
        if mapping:
            write_mapping(mapping, imported.rows(sent))
            self.stdout.write(f"{mapping} lists the instance of each pointer.")

    def _show(self, readings: list[Reading], keeps: bool, options: dict[str, Any]) -> None:
        for line in preview(readings, is_detailed=options["verbosity"] > 1):
            self.stdout.write(line)
        taken = [reading for reading in readings if not reading.is_refused]
        if not taken:
            return
        self.stdout.write(f"\n{summary(taken)}")
        days = settings.RAW_RETENTION_DAYS
        if keeps:
            self.stdout.write(f"Times are kept: the service keeps samples for {days} days.")
        elif options["end_now"] or not all(r.is_dated for t in taken for r in t.recordings):
            self.stdout.write("Times are moved: each recording ends now.")
        else:
            self.stdout.write(
                "Times are moved: each recording ends now, because the service keeps samples\n"
                f"for {days} days only and not all of these lie within them."
            )
        self._show_duration(taken)
        self.stdout.flush()

    def _show_duration(self, readings: list[Reading]) -> None:
        limit = settings.EVENTS_PER_MINUTE
        minutes = sum(len(r) // limit for reading in readings for r in reading.recordings)
        if minutes:
            self.stdout.write(
                f"Sending takes {minutes:,} min or more: the service takes {limit:,} samples a\n"
                "minute for an instance (EVENTS_PER_MINUTE)."
            )

    def _conclude(self, jobs: list[Job], sent: list[Sent]) -> None:
        self.stdout.write("")
        for job, me in zip(jobs, sent, strict=True):
            trials = len(job.recording.named)
            odd = "".join(
                f", {number:,} {what}"
                for number, what in (
                    (me.duplicates, "duplicates"),
                    (me.conflicts, "conflicts"),
                    (me.scenes, "scenes"),
                    (trials, "trial" if trials == 1 else "trials"),
                    (me.marks - 2 * trials, "marks"),
                )
                if number
            )
            self.stdout.write(
                f"{job.name}: {me.accepted:,} samples stored{odd}\n"
                f"  instance {me.instance_id}\n  {me.page_url}"
            )


class _HelpFormatter(RawDescriptionHelpFormatter):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_help_position": 24, "width": 80, **options})


def refuse_unwritable(path: Path) -> None:
    """End the command before anything is sent if this file cannot be written."""
    try:
        with path.open("a"):
            pass
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}. Nothing was sent.") from None


def write_mapping(path: Path, rows: list[tuple[Any, ...]]) -> None:
    """Write the instance of each pointer of each file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["file", "label", "instance_id", "samples", "trials"])
        out.writerows(rows)
