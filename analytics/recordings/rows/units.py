"""Finds the unit of numeric times: by their size, the usual step between them, and the name."""

import statistics
from collections.abc import Sequence
from typing import NamedTuple

from analytics.recordings.columns.names import TIME_UNITS, Name, other_time_unit
from analytics.recordings.findings import Findings

# Nanoseconds in each unit that --time-unit takes.
UNITS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1, "100ns": 100}
WORDS = {
    "s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds",
    "100ns": "ticks of 100 ns",
}  # fmt: skip
# The units of which one is chosen by the usual step.
USUAL = ("s", "ms", "us", "ns")
# 2000-01-01 to 2100-01-01 in seconds since 1970.
EPOCH_SECONDS = (946_684_800, 4_102_444_800)
# Samples of a pointer are usually 1 ms (the fastest mice) to 200 ms (slow trackers) apart.
LEAST_STEP_NS, MOST_STEP_NS = 1_000_000, 200_000_000
# No recording is this short, so a unit that makes a whole file shorter is wrong.
LEAST_SPAN_NS = 100_000_000
# The largest usual step at which times of today's size count as calendar times. A clock that
# started at boot has that size too, and whole seconds since 1970 have steps of 1 s.
MOST_EPOCH_STEP_NS = {"s": 2_000_000_000, "ms": 10**10, "us": 10**10, "ns": 10**10}
# Windows counts 100 ns, from the year 1 (.NET) or from 1601 (FILETIME): 2000-01-01 to 2100-01-01.
WINDOWS_TICKS = (
    (630_822_816_000_000_000, 662_380_416_000_000_000),
    (125_911_584_000_000_000, 157_469_184_000_000_000),
)
# A mouse's 4 to 20 ms in ticks of 100 ns have the numbers of 40 to 200 ms in microseconds.
LEAST_TICKS_NS = 40_000_000
ADVICE = "--time-unit s, ms, us or ns says which"
TICKS_ADVICE = "--time-unit 100ns for a counter of Windows, --time-unit us for microseconds"


class Unit(NamedTuple):
    """A unit, whether its times count from 1970, and whether the user gave it."""

    name: str
    is_epoch: bool
    is_given: bool

    @property
    def ns(self) -> int:
        return UNITS[self.name]


def epoch_unit(first: float, last: float) -> str | None:
    """Return the unit in which these times, since 1970, are in the years 2000 to 2100."""
    for name in USUAL:
        per_second = 1_000_000_000 // UNITS[name]
        if EPOCH_SECONDS[0] * per_second <= first <= last < EPOCH_SECONDS[1] * per_second:
            return name
    return None


def find_unit(
    *,
    first: float,
    last: float,
    steps: Sequence[float],
    given: str | None,
    column: Name,
    is_delta: bool,
    findings: Findings,
) -> Unit:
    """Return the unit of times from `first` to `last` whose positive differences are `steps`.

    Refusals go to the findings. `column` may name a unit.
    """
    epoch = None if is_delta else epoch_unit(first, last)
    name: str | None
    other: str | None
    named = TIME_UNITS.get(column.unit, "")
    if not given and (strange := other_time_unit(column)):
        findings.refuse(
            f"the name {column.text} says that times are in {strange}",
            "convert them to seconds; --time-unit overrules the name",
        )
        return Unit("s", False, False)
    if not given and not is_delta and _are_windows_ticks(first, last):
        return Unit("100ns", False, False)
    if given or not steps:
        name = given or epoch or named or "s"
        return Unit(name, name == epoch, bool(given))
    step, span = statistics.median(steps), last - first
    fitting = _unit_of_step(step, span, steps)
    if epoch and step * UNITS[epoch] <= MOST_EPOCH_STEP_NS[epoch]:
        name, other = epoch, named
    elif named:
        name, other = named, fitting if named in USUAL else None
    else:
        name, other = fitting, epoch
    if not (epoch or named) and name == "us" and step * UNITS["us"] >= LEAST_TICKS_NS:
        findings.refuse(
            f"the times may be microseconds or ticks of 100 ns: the usual step is {step:g}",
            TICKS_ADVICE,
        )
    elif not name or other not in (None, "", name):
        names = {unit for unit in (name, other) if unit}
        findings.refuse(_doubt(step, span, names), ADVICE)
    return Unit(name or "s", bool(name) and name == epoch, False)


def _are_windows_ticks(first: float, last: float) -> bool:
    return any(low <= first <= last < high for low, high in WINDOWS_TICKS)


def _unit_of_step(step: float, span: float, steps: Sequence[float]) -> str | None:
    """Return the unit in which the usual step is that of a pointer's samples, if it is certain."""
    if step == 1 and len(steps) > 2 and all(value == 1 for value in steps):
        # The times may also count rows.
        return None
    for name in USUAL:
        nanoseconds = UNITS[name]
        ns = step * nanoseconds
        if LEAST_STEP_NS <= ns <= MOST_STEP_NS:
            return None if _may_be_longer(ns, span * nanoseconds, steps) else name
        # Steps of 0.2 to 1 s, or of as many ms; take seconds if ms would make the file too short.
        if MOST_STEP_NS < ns < 1000 * LEAST_STEP_NS and span * nanoseconds / 1000 < LEAST_SPAN_NS:
            return name
    return None


def _may_be_longer(ns: float, span_ns: float, steps: Sequence[float]) -> bool:
    """Return whether steps may be 1 to 5 s of a slow tracker instead of ms of a fast one.

    They may be if the file would be very short in ms, and the numbers have fractions.
    """
    is_fraction = any(step % 1 for step in steps)
    return is_fraction and ns < 5 * LEAST_STEP_NS and span_ns < LEAST_SPAN_NS


def _doubt(step: float, span: float, names: set[str]) -> str:
    facts = f"the usual step is {step:g}, from first to last {span:g}"
    if step == 1:
        return f"the unit of the times is in doubt, or they count rows: {facts}"
    if len(names) > 1:
        words = " or ".join(WORDS[name] for name in UNITS if name in names)
        return f"the times may be {words}: {facts}"
    return f"the unit of the times is in doubt: {facts}"


def shown_time(us: float) -> str:
    """Return a duration for people: "8 ms", "1.5 s", "12 min", "3.2 h", "4 days"."""
    for limit, divisor, name in (
        (1_000, 1, "µs"),
        (1_000_000, 1_000, "ms"),
        (120_000_000, 1_000_000, "s"),
        (7_200_000_000, 60_000_000, "min"),
        (172_800_000_000, 3_600_000_000, "h"),
    ):
        if us < limit:
            return f"{us / divisor:.3g} {name}"
    return f"{us / 86_400_000_000:,.1f} days"
