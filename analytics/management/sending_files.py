"""Sends the recordings of several files with progress bars: all of them, or none."""

import signal
from argparse import ArgumentTypeError, _ActionsContainer
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandError
from tqdm import tqdm

from analytics.recordings import (
    NOTHING,
    Beside,
    Reading,
    Recording,
    Sender,
    SendingError,
    Sent,
    to_end_now,
)


class Job(NamedTuple):
    """A recording to send, its file, and what is sent beside its samples."""

    reading: Reading
    recording: Recording
    beside: Beside = NOTHING

    @property
    def name(self) -> str:
        """The name for messages: the file's, and the pointer's if the file has several."""
        name = self.reading.findings.path.name
        return f"{name}, {self.recording.label}" if self.recording.label else name


def add_url(parser: _ActionsContainer) -> None:
    """Add the argument for the service's address."""
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
    """End the command if a file is refused; the preview has shown the reason."""
    refused = [reading for reading in readings if reading.is_refused]
    if not refused:
        return
    if len(readings) == 1:
        raise CommandError("The file is refused, see above. Nothing was sent.")
    raise CommandError(
        f"{len(refused):,} of {len(readings):,} files are refused, see above. Nothing was sent."
    )


def send_all(
    jobs: Sequence[Job],
    *,
    url: str,
    keeps_times: bool,
    speed: float | None = None,
    on_begun: Callable[[int, Sent], object] = lambda *_: None,
    on_all_sent: Callable[[list[Sent]], object] = lambda _: None,
) -> list[Sent]:
    """Send all recordings; if one fails or Ctrl-C comes, erase all and raise CommandError.

    `on_begun` is called with the number of a job, from 0, and its new instance. It and
    `on_all_sent` may raise SendingError too.
    """
    sender, sent = Sender(url), []
    # SIGTERM must not leave a partial import either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for i, job in enumerate(jobs):
            move = to_end_now(job.recording, speed)
            # On stderr, and only if that is a terminal, so that the output can be piped.
            with tqdm(
                total=len(job.recording), desc=job.name[:30], unit=" samples", disable=None
            ) as bar:
                sent.append(
                    sender.send(
                        job.recording,
                        shift_us=(lambda _: 0) if keeps_times else move,
                        speed=speed,
                        on_sent=bar.update,
                        on_begun=partial(on_begun, i),
                        beside=job.beside,
                    )
                )
        on_all_sent(sent)
    except SendingError as error:
        raise CommandError(f"{error}\n{_erase(sender)}") from None
    except KeyboardInterrupt:
        raise CommandError(f"Stopped. {_erase(sender)}", returncode=130) from None
    return sent


def _erase(sender: Sender) -> str:
    """Erase what was begun, ignoring further signals; return the outcome in words."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    begun = len(sender.begun)
    if not begun:
        return "Nothing was sent."
    left = sender.erase()
    if not left:
        what = "The instance" if begun == 1 else f"All {begun:,} instances"
        return f"{what} of this command {'is' if begun == 1 else 'are'} erased again."
    names = "".join(f"\n  {me.instance_id}" for me in left)
    return f"These instances could not be erased; erase each in the admin:{names}"
