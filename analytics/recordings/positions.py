"""Positions: marks of a missing one, their range, and their way into px."""

import math
import statistics
from array import array
from collections import Counter
from itertools import pairwise

from analytics.recordings.collecting import Rows
from analytics.recordings.findings import Findings, counted
from analytics.recordings.names import LENGTHS, parse_name
from analytics.recordings.options import Options
from analytics.recordings.samples import Recording

# The largest numbers of 16 and 32 bits: no screen has a pixel there.
LARGEST = {65535.0, 32767.0, -32768.0, -32767.0}
NO_SCREEN = 1e9
# What loggers write where they know no position, though a pointer can be there.
MARKS = {0.0, -1.0, -999.0, -9999.0, 999.0, 9999.0, 99999.0, -99999.0}
# A jump away and back that is so many times the usual step, and its two ends so near each other.
FAR_STEPS, FAR_PX, NEAR_SHARE = 10, 50.0, 0.25
# A pointer that moves less in the whole file has another unit.
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
    """Tell at C speed whether a position may be none; a no is certain."""
    values = (rows.xs, rows.ys)
    largest = max((max(map(abs, column), default=0.0) for column in values), default=0.0)
    return not largest < NO_SCREEN or not LARGEST.isdisjoint(rows.xs)


def _is_impossible(x: float, y: float) -> bool:
    if not (math.isfinite(x) and math.isfinite(y)):
        return True
    return (x == y and x in LARGEST) or abs(x) >= NO_SCREEN or abs(y) >= NO_SCREEN


def refuse_marks(recordings: list[Recording], options: Options, findings: Findings) -> None:
    """Refuse positions such as 0,0 that a pointer jumps to and back from, unless all are taken."""
    if options.keep_positions:
        return
    found: Counter[tuple[float, float]] = Counter()
    for recording in recordings:
        found.update(_marks_of(recording))
    for (x, y), number in found.items():
        findings.refuse(
            f"the pointer jumps to {x:g},{y:g} and back {counted(number, 'time')}: the mark of a"
            " position that is not known?",
            f"--drop={x:g},{y:g} leaves them out, --drop none takes them",
        )


def _marks_of(recording: Recording) -> Counter[tuple[float, float]]:
    found: Counter[tuple[float, float]] = Counter()
    xs, ys = recording.xs, recording.ys
    suspects = [i for i, x in enumerate(xs) if x in MARKS and x == ys[i]]
    if not suspects:
        return found
    points = list(zip(xs, ys, strict=True))
    lengths = (math.dist(a, b) for a, b in pairwise(points))
    usual = statistics.median([length for length in lengths if length] or [0.0])
    last = -1
    for i in suspects:
        if i <= last:
            continue
        last = i
        while last + 1 < len(points) and points[last + 1] == points[i]:
            last += 1
        if i > 0 and last + 1 < len(points):
            before, after = points[i - 1], points[last + 1]
            jump = min(math.dist(before, points[i]), math.dist(after, points[i]))
            is_far = jump >= max(FAR_PX, FAR_STEPS * usual)
            if is_far and math.dist(before, after) <= NEAR_SHARE * jump:
                found[points[i]] += 1
    return found


def scale_positions(rows: Rows, roles_x: str, options: Options, findings: Findings) -> None:
    """Turn positions into px, and say what range they have; refuse those that can't be px."""
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
