"""Positions: marks for missing ones, their range, and their conversion to px."""

import math
import statistics
from array import array
from collections import Counter
from collections.abc import Iterator

from analytics.recordings.columns.names import LENGTHS, parse_name
from analytics.recordings.columns.roles import Roles
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
# A place, of any value, that a pointer jumps to and back from this often is the mark of something.
OFTEN = 3
# So many steps tell the usual one.
MOST_STEPS = 20_000
# Wider than the screens on a desk, unless rows are few; digitizers count to 32,767 or 65,535.
WIDEST_PX = 15_000
# Positions within 100 that have fractions and go over this much are percents or centimetres.
PERCENTS, LEAST_PERCENTS = 100.0, 20.0
# More negative and more positive positions than this share mean an origin in the middle.
BOTH_SIDES = 0.1
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


def refuse_marks(
    recordings: list[Recording], roles: Roles, options: Options, findings: Findings
) -> None:
    """Refuse positions such as 0,0 that a pointer jumps to and back, unless all are accepted."""
    if options.keep_positions:
        return
    found: Counter[tuple[float, float]] = Counter()
    for recording in recordings:
        marks = _marks_of(recording, findings)
        if not marks and not roles.are_exported:
            marks = _places_returned_to(recording)
        found.update(marks)
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
    suspects = [i for i, x in enumerate(xs) if x in MARKS and ys[i] in MARKS]
    if not suspects:
        return found
    points = list(zip(xs, ys, strict=True))
    far = _far(points, set(suspects))
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


def _places_returned_to(recording: Recording) -> Counter[tuple[float, float]]:
    """Count the jumps to places of any value and back, within trials, where there are many."""
    xs, ys = recording.xs, recording.ys
    steps = [max(abs(a - b), abs(c - d)) for a, b, c, d in zip(xs, xs[1:], ys, ys[1:])]  # noqa: B905
    far = _far(list(zip(xs[:MOST_STEPS], ys, strict=False)), set())
    jumps = {i for i, step in enumerate(steps, 1) if step >= far and not recording.enters[i]}
    landed = Counter((xs[i], ys[i]) for i in jumps)
    often = {place for place, number in landed.items() if number >= OFTEN}
    found: Counter[tuple[float, float]] = Counter()
    for i in sorted(jumps):
        place = xs[i], ys[i]
        last = i
        while last + 1 < len(xs) and (xs[last + 1], ys[last + 1]) == place:
            last += 1
        if place not in often or last + 1 not in jumps:
            continue
        before, after = (xs[i - 1], ys[i - 1]), (xs[last + 1], ys[last + 1])
        if math.dist(before, after) <= NEAR_SHARE * math.dist(place, before):
            found[place] += 1
    return Counter({place: number for place, number in found.items() if number >= OFTEN})


def _far(points: list[tuple[float, float]], suspects: set[int]) -> float:
    """Return the length of a step that no hand makes between two samples."""
    lengths = [
        math.dist(points[i], points[i + 1])
        for i in range(len(points) - 1)
        if i not in suspects and i + 1 not in suspects
    ]
    usual = statistics.median([length for length in lengths if length] or [0.0])
    return max(FAR_PX, FAR_STEPS * usual)


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last number of each run without a gap."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last


def scale_positions(rows: Rows, roles: Roles, options: Options, findings: Findings) -> None:
    """Convert positions to px and report their range; refuse positions that cannot be px."""
    unit = parse_name(roles.x).unit
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
            f"the name {roles.x} says that positions are in {unit}, not in px",
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
    elif not roles.are_exported:
        _doubt_range(rows, width, is_flipped=options.flip_y, findings=findings)


def _doubt_range(rows: Rows, width: float, *, is_flipped: bool, findings: Findings) -> None:
    """Refuse positions in the units of a digitizer or in percents; note an origin in the middle."""
    if width > WIDEST_PX and _middle(rows.xs) > WIDEST_PX:
        findings.refuse(
            f"the pointer moves {width:,.0f} in x, more than a screen is wide: the units of a"
            " digitizer?",
            "--scale 0.0293,0.0165 turns 65,535 into 1920,1080 px; --scale 1 takes them as they"
            " are",
        )
    elif _are_percents(rows):
        findings.refuse(
            "all positions are between 0 and 100, with fractions: percents of a screen?",
            "--scale 19.2,10.8 turns percents into px of 1920,1080; --scale 1 takes them as they"
            " are",
        )
    elif not is_flipped and all(map(_is_on_both_sides, (rows.xs, rows.ys))):
        findings.warn(
            "Positions are on both sides of 0,0. If it is the middle of the screen and y points"
            " up, --flip-y turns it."
        )


def _middle(values: array) -> float:
    """Return the range of the middle nine tenths of values."""
    ordered = sorted(values)
    cut = len(ordered) // 20 + 1
    return ordered[-cut] - ordered[cut - 1]


def _are_percents(rows: Rows) -> bool:
    columns = rows.xs, rows.ys
    if any(min(values) < 0 or max(values) > PERCENTS for values in columns):
        return False
    if max(map(_range, columns)) < LEAST_PERCENTS:
        return False
    return all(2 * sum(value % 1 != 0 for value in values) > len(values) for values in columns)


def _is_on_both_sides(values: array) -> bool:
    negative = sum(value < 0 for value in values)
    return BOTH_SIDES * len(values) < negative < (1 - BOTH_SIDES) * len(values)


def _range(values: array) -> float:
    return max(values) - min(values) if values else 0.0


def _shown(values: array) -> str:
    return f"{min(values):.6g} to {max(values):.6g}" if values else "none"
