"""Checks recordings by the service's own rules before anything is sent."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings

from analytics.ingest import decode_batch, time_window, to_samples
from analytics.recordings.findings import Findings, counted
from analytics.recordings.playback.batches import to_event
from analytics.recordings.playback.trials import to_marks
from analytics.recordings.reading import Reading
from analytics.recordings.samples import Recording
from core.api.problems import Invalid
from core.values.times import EPOCH, MICROSECOND, to_epoch_us, to_rfc3339

# Sending takes a while; samples must still be young enough at its end.
SENDING_MARGIN = timedelta(hours=1)
# Trials whose marks are checked together: a batch has at most 100 marks.
TRIALS = 50
# A clock is not fast by more than this.
FAST_CLOCK = timedelta(days=1)
LONGEST_TRIAL_US = 3_600_000_000


def lies_in_window(readings: list[Reading], *, now: datetime) -> bool:
    """Return whether all recordings have dates that the service accepts unchanged."""
    oldest, newest = time_window(now=now)
    first, last = to_epoch_us(oldest + SENDING_MARGIN), to_epoch_us(newest)
    return all(
        recording.is_dated and first <= recording.times_us[0] and recording.times_us[-1] <= last
        for reading in readings
        for recording in reading.recordings
    )


def check(reading: Reading, *, keeps_times: bool, now: datetime) -> None:
    """Check every recording of a file by the service's rules; refusals go to the findings."""
    for recording in reading.recordings:
        if keeps_times and not recording.is_dated:
            reading.findings.refuse(
                "its times have no date, so they cannot be kept", "leave out --keep-times"
            )
            return
        if recording.is_dated and recording.times_us[-1] > to_epoch_us(now + FAST_CLOCK):
            reading.findings.warn(
                "Times lie in the future. If they do not count from 1970, their dates are wrong."
            )
        _check_span(recording, reading.findings)
        _check_extremes(recording, reading.findings, keeps_times=keeps_times, now=now)
        _check_trials(recording, reading.findings, now=now)


def _check_span(recording: Recording, findings: Findings) -> None:
    days = settings.RAW_RETENTION_DAYS
    if recording.span_us > (timedelta(days=days) - SENDING_MARGIN) / timedelta(microseconds=1):
        findings.refuse(
            f"it spans {recording.span_us / 86_400e6:,.1f} days; the service keeps samples for"
            f" {days} (RAW_RETENTION_DAYS)",
            "are the times right? --time-unit; otherwise import it in parts",
        )


def _check_extremes(
    recording: Recording, findings: Findings, *, keeps_times: bool, now: datetime
) -> None:
    """Validate the samples with extreme values by the service's own code.

    Its rules are bounds, so if these samples pass, all others do.
    """
    columns = (recording.times_us, recording.xs, recording.ys, recording.seqs)
    extremes = {
        choose(range(len(column)), key=column.__getitem__)
        for column in columns
        for choose in (min, max)
    }
    shift = 0 if keeps_times else to_epoch_us(now) - recording.times_us[-1]
    for i in sorted(extremes):
        event = to_event(recording[i], shift)
        try:
            to_samples(decode_batch(json.dumps({"events": [event]}).encode()), now=now)
        except Invalid as invalid:
            for fault in invalid.errors:
                _refuse(recording, i, fault.pointer, fault.detail, findings)


def _check_trials(recording: Recording, findings: Findings, *, now: datetime) -> None:
    """Validate the marks of trials, and warn of trials that are too long to be measured."""
    for first in range(0, len(recording.named), TRIALS):
        few = replace(recording, named=recording.named[first : first + TRIALS])
        marks = [{**mark, "time": to_epoch_us(now) / 1000} for mark in to_marks(few, study="")]
        for mark in marks:
            del mark["us"]
        try:
            decode_batch(json.dumps({"events": [], "marks": marks}).encode())
        except Invalid as invalid:
            for fault in invalid.errors:
                number = int(fault.pointer.split("/")[2])
                place = recording.places[few.named[number // 2].first]
                findings.refuse(
                    f"{findings.place} {place:,}: what is said of this trial {fault.detail}",
                    "--columns condition=-,response=- leaves it out",
                )
    spans = (
        recording.times_us[one.last] - recording.times_us[one.first] for one in recording.named
    )
    if number := sum(span > LONGEST_TRIAL_US for span in spans):
        findings.warn(f"{counted(number, 'trial')} longer than an hour will not be measured.")


def _refuse(recording: Recording, i: int, pointer: str, detail: str, findings: Findings) -> None:
    name = pointer.rpartition("/")[2]
    where = f"{findings.place} {recording.places[i]:,}"
    if name == "time":
        when = to_rfc3339(EPOCH + recording.times_us[i] * MICROSECOND) if recording.is_dated else ""
        findings.refuse(
            f"{where}: its time {when} {detail}",
            "without --keep-times the recording is moved so that it ends now",
        )
    else:
        value = {"x": recording.xs, "y": recording.ys, "seq": recording.seqs}[name][i]
        findings.refuse(
            f"{where}: {name} is {value:,.10g} ({detail})",
            f"--drop={recording.xs[i]:.10g},{recording.ys[i]:.10g} leaves it out; --scale for other"
            " units",
        )
