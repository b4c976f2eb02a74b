"""Sending the recordings of several files with progress bars: all of them, or none."""

import signal
from argparse import ArgumentTypeError, _ActionsContainer
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError
from tqdm import tqdm

from analytics.recordings import Reading, Recording, Sender, SendingError, Sent, to_end_now


class Job(NamedTuple):
    """A recording that is sent, and the file that it came from."""

    reading: Reading
    recording: Recording

    @property
    def name(self) -> str:
        """What people call it: the file's name, and the pointer's where it has several."""
        name = self.reading.findings.path.name
        return f"{name}, {self.recording.label}" if self.recording.label else name


def add_url(parser: _ActionsContainer) -> None:
    """Let a command be told where the service is."""
    parser.add_argument(
        "--url",
        type=_url,
        default=settings.SERVICE_URL,
        help="the service (default: the one that runs here, %(default)s)",
    )


def _url(text: str) -> str:
    if urlsplit(text).scheme not in ("http", "https"):
        raise ArgumentTypeError("an address such as http://127.0.0.1:8000")
    return text.rstrip("/")


def refuse_if_any(readings: Sequence[Reading]) -> None:
    """End the command where a file is refused; the preview has said why."""
    refused = [reading for reading in readings if reading.is_refused]
    if not refused:
        return
    if len(readings) == 1:
        raise CommandError("The file is refused, see above. Nothing was sent.")
    raise CommandError(
        f"{len(refused):,} of {len(readings):,} files are refused, see above. Nothing was sent."
    )


def send_all(
    jobs: Sequence[Job], *, url: str, keeps_times: bool, speed: float | None = None
) -> list[Sent]:
    """Send all recordings; CommandError where one fails or Ctrl-C comes, and all are erased."""
    sender, sent = Sender(url), []
    # SIGTERM must leave nothing half sent either, as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for job in jobs:
            move = to_end_now(job.recording, speed)
            # To stderr, and silent where that is no terminal, so that the output can be piped.
            with tqdm(
                total=len(job.recording), desc=job.name[:30], unit=" samples", disable=None
            ) as bar:
                sent.append(
                    sender.send(
                        job.recording,
                        shift_us=(lambda _: 0) if keeps_times else move,
                        speed=speed,
                        on_sent=bar.update,
                    )
                )
    except SendingError as error:
        raise CommandError(f"{error}\n{_erase(sender)}") from None
    except KeyboardInterrupt:
        raise CommandError(f"Stopped. {_erase(sender)}", returncode=130) from None
    return sent


def _erase(sender: Sender) -> str:
    """Erase what was begun, undisturbed by more signals; return what became of it, in words."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    begun = len(sender.begun)
    if not begun:
        return "Nothing was begun."
    left = sender.erase()
    if not left:
        what = "The instance" if begun == 1 else f"All {begun:,} instances"
        return f"{what} that this command began {'is' if begun == 1 else 'are'} erased again."
    names = "".join(f"\n  {me.page_url}" for me in left)
    return f"These instances could not be erased; open each and erase it:{names}"
