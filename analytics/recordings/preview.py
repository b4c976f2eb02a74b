"""The preview of files before they are sent, in words and 80 columns."""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from analytics.recordings.findings import counted
from analytics.recordings.reading import Reading
from analytics.recordings.rows.units import shown_time
from analytics.recordings.samples import Recording
from core.values.times import EPOCH, MICROSECOND

WIDTH = 80
LABEL_WIDTH = 11
# If there are more files, each is shown as one line.
MOST_DETAILED = 3
MOST_POINTERS, MOST_REASONS, MOST_SHARED = 12, 12, 4
LABELS = ("file", "columns", "not used", "time", "when", "zone", "positions", "note")


def preview(readings: Sequence[Reading], *, is_detailed: bool = False) -> Iterator[str]:
    """Yield the lines of the preview: each file in detail, or a table of many, and the refusals.

    Among many files, refused ones are still shown in detail.
    """
    many = len(readings) > MOST_DETAILED and not is_detailed
    if many:
        yield from _table(readings)
    for reading in readings:
        if not many or reading.is_refused:
            yield from ([""] if many or reading is not readings[0] else [])
            yield from _details(reading)


def _details(reading: Reading) -> Iterator[str]:
    findings = reading.findings
    yield str(findings.path)
    facts = dict(findings.facts)
    if reading.recordings:
        time = [*facts.get("time", []), *facts.get("rate", []), _span(reading.recordings)]
        facts["time"] = time
        facts["when"] = list(_dates(reading.recordings))
    for label in LABELS:
        if label == "note":
            notes = [f"{what}: {counted(n, 'row')}." for what, n in findings.mended.items()]
            yield from _notes([*facts.get(label, []), *notes])
        elif texts := facts.get(label):
            yield from _wrapped(label, ", ".join(texts))
    yield from _left_out(findings.left_out)
    if not reading.is_refused:
        yield from _pointers(reading)
    yield from _refusals(reading)


def _wrapped(label: str, text: str) -> Iterator[str]:
    indent = " " * (LABEL_WIDTH + 2)
    first = f"  {label:<{LABEL_WIDTH}}"
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=first, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    ) or [first.rstrip()]  # fmt: skip


def _notes(notes: Sequence[str]) -> Iterator[str]:
    for i, note in enumerate(notes):
        yield from _wrapped("" if i else "note", note[0].upper() + note[1:])


def _span(recordings: Sequence[Recording]) -> str:
    longest = max(recording.span_us for recording in recordings)
    told = shown_time(longest)
    return f"{told} in all" if len(recordings) == 1 else f"at most {told} an instance"


def _dates(recordings: Sequence[Recording]) -> Iterator[str]:
    if all(recording.is_dated for recording in recordings):
        first = min(recording.times_us[0] for recording in recordings)
        last = max(recording.times_us[-1] for recording in recordings)
        yield f"{_moment(first)} to {_moment(last)} UTC"


def _moment(time_us: int) -> str:
    try:
        moment: datetime = EPOCH + time_us * MICROSECOND
    except OverflowError:
        return "a year past 9999"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03}"


def _left_out(counts: "Counter[str]") -> Iterator[str]:
    reasons = counts.most_common()
    if not reasons:
        return
    total = sum(number for _, number in reasons)
    yield from _wrapped("left out", f"{counted(total, 'row')}:")
    width = len(f"{reasons[0][1]:,}")
    for why, number in reasons[:MOST_REASONS]:
        yield from _wrapped("", f"{number:>{width},}  {why}")
    if len(reasons) > MOST_REASONS:
        yield from _wrapped("", f"and for {len(reasons) - MOST_REASONS:,} more reasons")


def _pointers(reading: Reading) -> Iterator[str]:
    yield from _wrapped("becomes", _sums([reading]))
    if len(reading.recordings) == 1 and not reading.recordings[0].label:
        return
    for recording in reading.recordings[:MOST_POINTERS]:
        trials = f", {counted(recording.trials, 'trial')}" if recording.trials else ""
        label = recording.label or "the rows without a name"
        yield from _wrapped("", f"{label}: {counted(len(recording), 'sample')}{trials}")
    if len(reading.recordings) > MOST_POINTERS:
        yield from _wrapped("", f"and {len(reading.recordings) - MOST_POINTERS:,} more")


def _refusals(reading: Reading) -> Iterator[str]:
    findings = reading.findings
    advised: set[str] = set()
    for i, refusal in enumerate(findings.refusals):
        yield from _wrapped("" if i else "REFUSED", refusal.text)
        # Advice for several refusals is given once, after the last of them.
        later = {other.advice for other in findings.refusals[i + 1 :]}
        if refusal.advice and refusal.advice not in advised | later:
            advised.add(refusal.advice)
            yield from _wrapped("", f"-> {refusal.advice}")
    if findings.refusals_not_shown:
        yield from _wrapped("", f"and {findings.refusals_not_shown:,} more like these")


def _table(readings: Sequence[Reading]) -> Iterator[str]:
    """Yield a line for each file, a line for all, and the facts that several files share."""
    yield _row("file", "rows", "left out", "samples", "inst.", "trials", "Hz", "span")
    for reading in readings:
        span = max((recording.span_us for recording in reading.recordings), default=0)
        rate = f"{1e6 / reading.step_us:.3g}" if reading.step_us else ""
        end = "REFUSED" if reading.is_refused else shown_time(span)
        yield _row(_shortened(reading.findings.path.name), *_counts([reading]), rate, end)
    yield _row(counted(len(readings), "file"), *_counts(readings), "", "")
    yield ""
    taken = [reading for reading in readings if not reading.is_refused]
    for label in ("columns", "time", "zone"):
        yield from _shared(label, [", ".join(r.findings.facts.get(label, [])) for r in taken])
    left_out: Counter[str] = Counter()
    for reading in taken:
        left_out.update(reading.findings.left_out)
    yield from _left_out(left_out)
    mended = [f"{what}." for r in taken for what in r.findings.mended]
    notes = [note for r in taken for note in r.findings.facts.get("note", [])]
    yield from _shared("note", [*notes, *mended])


def _row(name: str, *cells: object) -> str:
    texts = [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells]
    widths = zip(texts, (9, 9, 9, 6, 7, 5), strict=False)
    return (
        f"{name:<23}{''.join(f'{text:>{width}}' for text, width in widths)}  {texts[-1]}".rstrip()
    )


def _shortened(name: str) -> str:
    return name if len(name) <= 22 else f"{name[:11]}…{name[-10:]}"


def _shared(label: str, texts: Sequence[str]) -> Iterator[str]:
    """Yield the facts of several files, the most frequent first, with the number of files."""
    for i, (text, number) in enumerate(Counter(filter(None, texts)).most_common(MOST_SHARED)):
        told = f"{text[0].upper()}{text[1:]}" if label == "note" else text
        yield from _wrapped("" if i else label, f"{told} ({counted(number, 'file')})")


def _counts(readings: Sequence[Reading]) -> tuple[int, int, int, int, int]:
    taken = [reading for reading in readings if not reading.is_refused]
    return (
        sum(reading.findings.rows for reading in readings),
        sum(reading.findings.left_out.total() for reading in readings),
        sum(reading.samples for reading in taken),
        sum(len(reading.recordings) for reading in taken),
        sum(reading.trials for reading in taken),
    )


def _sums(readings: Sequence[Reading]) -> str:
    _, _, samples, instances, trials = _counts(readings)
    parts = [counted(samples, "sample"), counted(instances, "instance")]
    return ", ".join([*parts, counted(trials, "trial")] if trials else parts)


def summary(readings: Sequence[Reading]) -> str:
    """Return the total of all files, in one line."""
    return f"{counted(len(readings), 'file')}: {_sums(readings)}"
