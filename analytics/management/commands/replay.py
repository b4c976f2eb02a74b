"""`manage.py replay`: turns a recording into a browser instance whose pointer moves again."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from analytics.management.beside_samples import add_beside, with_beside
from analytics.management.recording_arguments import add_reading, read_files, to_options
from analytics.management.sending_files import Job, add_url, refuse_if_any, send_all
from analytics.recordings import check, preview


class Command(BaseCommand):
    help = (
        "Play recordings back through the REST API, each as a new browser instance, and print the "
        "address of its page: in real time with --speed 1, so that live charts move. Files are "
        "read as by `import`. Times are moved so that a recording ends now. All files are read "
        "and checked before anything is sent. If a later step fails, or Ctrl-C stops it, "
        "everything sent is erased again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_reading(parser)
        group = parser.add_argument_group("sending")
        group.add_argument(
            "--speed",
            type=_speed,
            default=None,
            help="1 is real time, 2 twice as fast, max (the default) as fast as possible",
        )
        group.add_argument(
            "--keep-times",
            action="store_true",
            help="send the recorded times unchanged: the statuses are the same, bucket by bucket, "
            "if the service still accepts samples that old (RAW_RETENTION_DAYS)",
        )
        add_beside(group)
        add_url(group)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["keep_times"] and options["speed"]:
            raise CommandError("--keep-times is as fast as possible and takes no --speed")
        readings = read_files(options["files"], to_options(options))
        now = timezone.now()
        for reading in readings:
            check(reading, keeps_times=options["keep_times"], now=now)
        refused = [reading for reading in readings if reading.is_refused]
        for line in preview(refused, is_detailed=True):
            self.stderr.write(line)
        refuse_if_any(readings)
        jobs = with_beside(
            [Job(reading, recording) for reading in readings for recording in reading.recordings],
            options,
        )
        sent = send_all(
            jobs, url=options["url"], keeps_times=options["keep_times"], speed=options["speed"]
        )
        for job, me in zip(jobs, sent, strict=True):
            has_more = options["beside"] or me.scenes
            more = f", {me.scenes} scenes, {me.marks} marks" if has_more else ""
            self.stdout.write(
                f"{job.name}: {me.accepted} events stored, {me.duplicates} duplicates,"
                f" {me.conflicts} conflicts{more}\n{me.page_url}"
            )


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0
    # A slower speed would place the first samples in the future.
    if not 1 <= speed <= 1000:
        raise ArgumentTypeError("max, or a number from 1 to 1000")
    return speed
