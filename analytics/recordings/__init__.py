"""Recordings of pointers: reads files of any origin, imports them and replays them."""

from analytics.recordings.findings import Findings
from analytics.recordings.options import ABSENT, FIELDS, Options
from analytics.recordings.playback.batches import to_end_now, to_event
from analytics.recordings.playback.checking import check, lies_in_window
from analytics.recordings.playback.exported import Beside, has_scenes, read_exported
from analytics.recordings.playback.sending import (
    NOTHING,
    RETRY,
    TIMEOUT_SECONDS,
    Sender,
    SendingError,
    Sent,
    reason_of,
)
from analytics.recordings.playback.trials import fingerprint, to_marks
from analytics.recordings.preview import preview, summary
from analytics.recordings.reading import Reading, read_file
from analytics.recordings.rows.units import UNITS
from analytics.recordings.samples import RecordedSample, Recording

__all__ = [
    "ABSENT",
    "FIELDS",
    "NOTHING",
    "RETRY",
    "TIMEOUT_SECONDS",
    "UNITS",
    "Beside",
    "Findings",
    "Options",
    "Reading",
    "RecordedSample",
    "Recording",
    "Sender",
    "SendingError",
    "Sent",
    "check",
    "fingerprint",
    "has_scenes",
    "lies_in_window",
    "preview",
    "read_exported",
    "read_file",
    "reason_of",
    "summary",
    "to_end_now",
    "to_event",
    "to_marks",
]
