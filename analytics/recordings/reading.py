"""Reads a file into recordings, with findings, or with the reasons why it is refused."""

from array import array
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from analytics.recordings.columns.assigning import find_roles
from analytics.recordings.columns.names import parse_name
from analytics.recordings.columns.roles import Roles
from analytics.recordings.findings import Findings, StopReading, counted
from analytics.recordings.options import ABSENT, Options
from analytics.recordings.rows.arrays import Rows
from analytics.recordings.rows.collecting import collect
from analytics.recordings.rows.lists import are_lists
from analytics.recordings.rows.mixtures import SLOWEST_US, refuse_mixtures
from analytics.recordings.rows.pointers import to_recordings
from analytics.recordings.rows.positions import drop_positions, refuse_marks, scale_positions
from analytics.recordings.rows.units import ADVICE, WORDS, Unit, find_unit, shown_time
from analytics.recordings.samples import Recording
from analytics.recordings.tables.files import plain_faults
from analytics.recordings.tables.opening import open_table

# The number of rows whose steps are examined.
MOST_STEPS = 200_000
# More equal times than these, and this many for each increase, mean a coarse clock.
LEAST_STILL, STILL_SHARE = 2, 3
DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
# A step between rows is shorter than an hour.
MOST_STEP_US = HOUR_US


@dataclass
class Reading:
    """The result of reading a file: its recordings, none if it is refused, and the findings."""

    findings: Findings
    recordings: list[Recording] = field(default_factory=list)
    # The median of the positive steps between samples of a trial; None without such steps.
    step_us: float | None = None

    @property
    def is_refused(self) -> bool:
        return bool(self.findings.refusals)

    @property
    def samples(self) -> int:
        return sum(map(len, self.recordings))

    @property
    def trials(self) -> int:
        return sum(recording.trials for recording in self.recordings)


def read_file(path: Path, options: Options = Options()) -> Reading:  # noqa: B008  (frozen)
    """Read and check a recording of CSV, JSON, Parquet or Arrow, of one or several pointers.

    The file's content raises no exception: refusals go to the findings.
    """
    reading = Reading(Findings(path, strict=options.strict))
    try:
        with plain_faults(reading.findings):
            _read(reading, options)
    except StopReading:
        pass
    return reading


def _read(reading: Reading, options: Options) -> None:
    findings = reading.findings
    table = open_table(findings, options)
    head = table.head()
    if not head.places:
        findings.stop("holds no samples")
    roles = find_roles(table, head, options, findings)
    is_list = are_lists(head, roles, findings)
    if is_list:
        findings.say("file", "a trial a row")
    rows = collect(table, roles, are_lists=is_list, options=options, findings=findings)
    findings.say("file", counted(findings.rows, "row"))
    drop_positions(rows, options, findings)
    if not rows:
        findings.stop("no row is left that has a time and a position")
    if findings.refusals:
        # Further checks would only report the cells that could not be read.
        return
    times_us, is_dated = _to_us(rows, roles, options, reading)
    scale_positions(rows, roles, options, findings)
    reading.recordings = to_recordings(
        rows, times_us, table=table, roles=roles, is_dated=is_dated, are_lists=is_list,
        findings=findings,
    )  # fmt: skip
    if not findings.refusals:
        refuse_marks(reading.recordings, roles, options, findings)
    is_apart = is_list or table.is_unpacked or roles.are_exported
    may_be_mixed = not is_apart and options.columns.get("pointer") != ABSENT
    if may_be_mixed and not findings.refusals and (reading.step_us or 0) <= SLOWEST_US:
        refuse_mixtures(reading.recordings, head, roles, findings)


def _to_us(rows: Rows, roles: Roles, options: Options, reading: Reading) -> tuple[array, bool]:
    """Return the times in microseconds, and whether they are calendar times."""
    column, findings = rows.times, reading.findings
    values, is_us = column.values, column.is_us
    numbers = [value for value, known in zip(values, is_us, strict=True) if not known] if (
        any(is_us)
    ) else values  # fmt: skip
    unit = None
    if numbers:
        unit = find_unit(
            first=min(numbers),
            last=max(numbers),
            steps=_steps(rows, values)[0] if len(numbers) == len(values) else [],
            given=options.time_unit,
            column=parse_name(roles.time),
            is_delta=options.time_is_delta,
            findings=findings,
        )
    if (column.is_dated and column.is_undated) or (
        unit and any(is_us) and unit.is_epoch != column.is_dated
    ):
        findings.refuse("some times have a date and some have none", "--only or --drop chooses")
    try:
        times_us = _converted(values, is_us, unit)
    except OverflowError:
        findings.stop(f"{roles.time} holds times beyond all dates", ADVICE)
    if column.is_undated and not column.is_dated:
        _carry_over_midnight(rows, times_us, findings)
    steps, still = _steps(rows, times_us)
    reading.step_us = median(steps) if steps else None
    is_dated = column.is_dated or bool(unit and unit.is_epoch)
    _tell_times(reading, unit, is_dated=is_dated, options=options)
    if still > LEAST_STILL and still > STILL_SHARE * len(steps):
        _doubt_clock(times_us, still / len(steps) if steps else still, roles, findings)
    if column.lacks_zone:
        zone = f"{options.timezone}" if options.timezone else "UTC is assumed (--timezone)"
        findings.say("zone", f"none in the file: {zone}")
    return times_us, is_dated


def _steps(rows: Rows, values: array) -> tuple[list[float], int]:
    """Return the absolute differences of successive times in a trial, and the number of equal ones.

    If times mostly fall, because the newest row comes first, the differences are the negative ones,
    otherwise the positive ones.
    """
    last: dict[int, float] = {}
    rises, falls, still = [], [], 0
    for trial, value in zip(rows.trials[:MOST_STEPS], values, strict=False):
        if trial in last:
            step = value - last[trial]
            if step > 0:
                rises.append(step)
            elif step < 0:
                falls.append(-step)
            else:
                still += 1
        last[trial] = value
    return falls if len(falls) > len(rises) else rises, still


def _converted(values: array, is_us: bytearray, unit: Unit | None) -> array:
    if unit is None:
        return array("q", map(round, values))
    ns = unit.ns
    if values.typecode == "q" and not any(is_us):
        return array("q", ((value * ns + 500) // 1000 for value in values))
    factor, divisor = max(1, ns // 1000), max(1, 1000 // ns)
    return array(
        "q",
        (
            round(value) if known else round(value * factor / divisor)
            for value, known in zip(values, is_us, strict=True)
        ),
    )


def _carry_over_midnight(rows: Rows, times_us: array, findings: Findings) -> None:
    """Add a day to the times of day that follow a pointer's midnight."""
    last: dict[int, int] = {}
    days: dict[int, int] = {}
    for i, (pointer, time_us) in enumerate(zip(rows.pointers, times_us, strict=True)):
        before = last.get(pointer, time_us)
        # A late row of the day before may follow, so it goes both ways.
        if before >= DAY_US - HOUR_US and time_us < HOUR_US:
            days[pointer] = days.get(pointer, 0) + 1
            findings.warn("The times of day go on after midnight.")
        elif before < HOUR_US and time_us >= DAY_US - HOUR_US:
            days[pointer] = days.get(pointer, 0) - 1
        last[pointer] = time_us
        times_us[i] += days.get(pointer, 0) * DAY_US


def _tell_times(reading: Reading, unit: Unit | None, *, is_dated: bool, options: Options) -> None:
    findings, step = reading.findings, reading.step_us
    what = WORDS[unit.name] if unit else "dates and times"
    if options.time_is_delta:
        what += ", steps from row to row"
    what += " since 1970" if unit and unit.is_epoch else "" if is_dated else " since any start"
    findings.say("time", what)
    if step:
        findings.say("rate", f"median step {shown_time(step)} ({1e6 / step:.3g} Hz)")


def _doubt_clock(times_us: array, rows_a_time: float, roles: Roles, findings: Findings) -> None:
    """Refuse times that hardly ever rise, because they are steps; warn if the clock is coarse."""
    if roles.fractions:
        findings.refuse(
            f"{rows_a_time + 1:.0f} rows share a time on average, and {roles.fractions} may hold"
            " the fractions of a second",
            f"join the two columns, or name the time: --columns time={roles.fractions}",
        )
    elif len(set(times_us)) <= 2:
        is_cut = max(times_us) > MOST_STEP_US
        findings.refuse(
            f"{roles.time} hardly ever rises: it is no clock",
            "export the file anew: a spreadsheet has cut its digits off, as in 1.79531E+12"
            if is_cut
            else "--time-is delta, if it is the step from the row before",
        )
    else:
        findings.warn(f"The clock is coarse: {rows_a_time + 1:.0f} rows share a time on average.")
