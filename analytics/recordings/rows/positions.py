"""Positions: marks for missing ones, their range, and their conversion to px."""

import math
import statistics
from array import array
from collections import Counter
from collections.abc import Iterator

from analytics.recordings.columns.names import LENGTHS, parse_name
from analytics.recordings.findings import Findings, counted
from analytics.recordings.options import Options
from analytics.recordings.rows.arrays import Rows
from analytics.recordings.samples import Recording

# The extremes of 16 bits, and where Windows moves minimised windows. No screen is there.
LARGEST = {65535.0, 32767.0, -32768.0, -32767.0, -32000.0}
NO_SCREEN = 1e9
# Marks that loggers write for an unknown position, although a pointer can be there.
MARKS = {0.0, -1.0, -999.0, -9999.0, 999.0, 9999.0, 99999.0, -99999.0}
# A mark is this many usual steps away, with the positions before and after near each other.
FAR_STEPS, FAR_PX, NEAR_SHARE = 10, 50.0, 0.25
# A pointer that moves less in the whole file has positions in another unit.
LEAST_RANGE_PX = 2.0


def drop_positions(rows: Rows, options: Options, findings: Findings) -> None:
    """Leave out the positions that the user names, and those that no pointer can have."""
    unwanted = set(options.drop_positions)
    if not unwanted and (options.keep_positions or not _may_be_impossible(rows)):
        return
    mask = bytearray(b"\1") * len(rows)
    dropped: Counter[tuple[float, float]] = Counter()
    for i, place in enumerate(zip(rows.xs, rows.ys, strict=True)):
        if place in unwanted or (not options.keep_positions and _is_impossible(*place)):
            mask[i] = 0
            dropped[place] += 1
    for place, number in dropped.items():
        where = f"{place[0]:g},{place[1]:g}"
        if place in unwanted:
            findings.pass_over(f"position {where} (--drop)", number)
        else:
            findings.leave_out(f"position {where} is none", number)
    if dropped:
        rows.keep(mask)


def _may_be_impossible(rows: Rows) -> bool:
    """Return, at C speed, whether a position may be impossible; False is certain."""
    values = (rows.xs, rows.ys)
    largest = max((max(map(abs, column), default=0.0) for column in values), default=0.0)
    return not largest < NO_SCREEN or not all(map(LARGEST.isdisjoint, values))


def _is_impossible(x: float, y: float) -> bool:
    if not (math.isfinite(x) and math.isfinite(y)):
        return True
    return not LARGEST.isdisjoint((x, y)) or abs(x) >= NO_SCREEN or abs(y) >= NO_SCREEN


def refuse_marks(recordings: list[Recording], options: Options, findings: Findings) -> None:
    """Refuse positions such as 0,0 that a pointer jumps to and back, unless all are accepted."""
    if options.keep_positions:
        return
    found: Counter[tuple[float, float]] = Counter()
    for recording in recordings:
        found.update(_marks_of(recording, findings))
    for (x, y), number in found.items():
        findings.refuse(
            f"the pointer jumps to {x:g},{y:g} and back {counted(number, 'time')}: the mark of an"
            " unknown position?",
            f"--drop={x:g},{y:g} leaves them out, --drop none takes them",
        )


def _marks_of(recording: Recording, findings: Findings) -> Counter[tuple[float, float]]:
    """Count the jumps to a mark and back; warn of one at the beginning or the end."""
    found: Counter[tuple[float, float]] = Counter()
    xs, ys = recording.xs, recording.ys
    suspects = [i for i, x in enumerate(xs) if x in MARKS and x == ys[i]]
    if not suspects:
        return found
    points = list(zip(xs, ys, strict=True))
    far = max(FAR_PX, FAR_STEPS * _usual_step(points, set(suspects)))
    for first, last in _runs(suspects):
        before = points[first - 1] if first else None
        after = points[last + 1] if last + 1 < len(points) else None
        jumps = [math.dist(points[first], point) for point in (before, after) if point]
        if not jumps or min(jumps) < far:
            continue
        if not (before and after):
            findings.warn(
                f"The {'last' if before else 'first'} position is {points[first][0]:g},"
                f"{points[first][1]:g}, far from the next: --drop leaves it out."
            )
        elif math.dist(before, after) <= NEAR_SHARE * min(jumps):
            found[points[first]] += 1
    return found


def _usual_step(points: list[tuple[float, float]], suspects: set[int]) -> float:
    lengths = [
        math.dist(points[i], points[i + 1])
        for i in range(len(points) - 1)
        if i not in suspects and i + 1 not in suspects
    ]
    return statistics.median([length for length in lengths if length] or [0.0])


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last number of each run without a gap."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last


def scale_positions(rows: Rows, roles_x: str, options: Options, findings: Findings) -> None:
    """Convert positions to px and report their range; refuse positions that cannot be px."""
    unit = parse_name(roles_x).unit
    width, height = _range(rows.xs), _range(rows.ys)
    if options.scale or options.flip_y:
        by_x, by_y = options.scale or (1.0, 1.0)
        rows.xs = array("d", (x * by_x for x in rows.xs))
        rows.ys = array("d", (y * (-by_y if options.flip_y else by_y) for y in rows.ys))
        how = f"times {by_x:g},{by_y:g}" if options.scale else ""
        flipped = "y turned" if options.flip_y else ""
        findings.say("positions", ", ".join(filter(None, (how, flipped))))
    findings.say("positions", f"x {_shown(rows.xs)}, y {_shown(rows.ys)} px")
    if options.scale or len(rows) < 2:
        return
    if unit in LENGTHS:
        findings.refuse(
            f"the name {roles_x} says that positions are in {unit}, not in px",
            f"--scale N says how many px one {unit} is",
        )
    elif max(width, height) == 0:
        findings.warn("The pointer never moves.")
    elif max(width, height) < LEAST_RANGE_PX:
        findings.refuse(
            f"the pointer moves {max(width, height):.3g} px at most: positions seem to be shares"
            " of a screen",
            "--scale 1920,1080 turns them into px (add --flip-y where y points up); --scale 1"
            " takes them as they are",
        )


def _range(values: array) -> float:
    return max(values) - min(values) if values else 0.0


def _shown(values: array) -> str:
    return f"{min(values):.6g} to {max(values):.6g}" if values else "none"
