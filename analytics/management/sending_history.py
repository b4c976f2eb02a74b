"""Sends the past visits of the made-up shop, with a progress bar."""

import os
from datetime import UTC, datetime
from pathlib import Path

from django.core.management.base import CommandError
from tqdm import tqdm

from analytics.recordings import Sender, SendingError
from analytics.recordings.made_up.history import history_window, plan_visits, record_visit


def send_history(
    *,
    url: str,
    site: str,
    seed: int,
    rate: float,
    days: float,
    each_day: float,
    now: datetime,
    progress: Path | None = None,
) -> str:
    """Send the visits of past days; return how many, in words.

    The modification time of `progress` says up to when visits have been sent: earlier visits are
    left out, and each sent visit sets it. CommandError if the service cannot be reached or refuses,
    or after Ctrl-C. The visits that were sent stay.
    """
    since, until = history_window(days=days, now=now)
    if progress and progress.exists():
        sent_until = datetime.fromtimestamp(progress.stat().st_mtime, UTC)
        since = min(max(since, sent_until), until)
    visits = list(plan_visits(seed=seed, since=since, until=until, each_day=each_day))
    sender, samples = Sender(url, site=site), 0
    try:
        # On stderr, and only if that is a terminal, so that the output can be piped.
        for past in tqdm(visits, "past visits", unit=" visits", disable=None):
            recording, beside = record_visit(past, seed=seed, rate=rate, now=now)
            sent = sender.send(recording, shift_us=lambda _: 0, beside=beside, shares=False)
            samples += sent.accepted
            _note(progress, past.begins)
    except (SendingError, KeyboardInterrupt) as error:
        why, code = (f"{error}\n", 1) if isinstance(error, SendingError) else ("Stopped. ", 130)
        raise CommandError(
            f"{why}{len(sender.begun):,} past visits were begun, and stay.", returncode=code
        ) from None
    _note(progress, until)
    return f"{len(visits):,} past visits since {since:%Y-%m-%d}, {samples:,} samples"


def _note(progress: Path | None, sent_until: datetime) -> None:
    if progress:
        progress.touch()
        os.utime(progress, (sent_until.timestamp(), sent_until.timestamp()))
