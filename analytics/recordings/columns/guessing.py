"""Finds time, x and y by unambiguous names, or by unambiguous cells if there are no names."""

from collections.abc import Mapping, Sequence

from analytics.recordings.columns.names import TIME_WORDS, Name, axis_of, parse_name
from analytics.recordings.columns.roles import Roles
from analytics.recordings.columns.words import (
    DELTAS,
    NEUTRAL,
    NOT_THE_TIME,
    PREFERRED,
    STRANGE,
    TIMES,
)
from analytics.recordings.findings import Findings, listed
from analytics.recordings.options import Options
from analytics.recordings.rows.cells import is_missing, looks_like_list, looks_numeric, shares
from analytics.recordings.rows.moments import looks_like_time
from analytics.recordings.rows.units import epoch_unit
from analytics.recordings.tables.table import Chunk, Table


def guess_position(
    roles: Roles, names: Sequence[Name], given: Mapping[str, str], head: Chunk
) -> None:
    """Take the pair of columns whose names differ in x and y, if one pair is the most likely.

    If one of the two is given, the other is its counterpart.
    """
    one = given.get("x") or given.get("y")
    if given.get("x") and given.get("y"):
        return
    names = [*names, parse_name(one)] if one else names
    by_words = {name.words: name for name in names}
    pairs: list[tuple[bool, int, int, int, str, str]] = []
    for name in names:
        for i, word in enumerate(name.words):
            if axis_of(word) != "x":
                continue
            other = by_words.get((*name.words[:i], _to_y(word), *name.words[i + 1 :]))
            rank = _rank([*name.words[:i], *name.words[i + 1 :], *_rest_of(word)])
            if one and other and one in (name.text, other.text):
                roles.x, roles.y = name.text, other.text
                return
            if not one and other and rank is not None:
                # Columns without numbers come last; they are chosen only to report what is wrong.
                is_odd = not _holds(head, name, other)
                pairs.append((is_odd, rank, len(name.words), i, name.text, other.text))
                break
    pairs.sort()
    if pairs and (len(pairs) == 1 or pairs[0][:3] < pairs[1][:3]):
        roles.x, roles.y = pairs[0][4:]


def _to_y(word: str) -> str:
    return f"y{word[1:]}" if word[0] == "x" else f"{word[:-1]}y"


def _rest_of(word: str) -> list[str]:
    rest = word[1:] if word[0] == "x" else word[:-1]
    return [rest] if rest in PREFERRED else []


def _rank(words: Sequence[str]) -> int | None:
    """Return how unlikely words make a coordinate the pointer's; None if it is another's."""
    words = [word for word in words if word not in NEUTRAL]
    if STRANGE & set(words):
        return None
    ranks = [PREFERRED[word] for word in words if word in PREFERRED]
    return min(ranks, default=5 if words else 0)


def _holds(head: Chunk, *names: Name) -> bool:
    """Return whether columns hold numbers or lists, at least in part."""
    cells = [head.columns[name.text] for name in names]
    return not head.places or all(
        shares(column, lambda cell: looks_numeric(cell) or looks_like_list(cell)) > 0.5
        or all(map(is_missing, column))
        for column in cells
    )


def guess_time(roles: Roles, names: Sequence[Name], head: Chunk, options: Options) -> None:
    x = parse_name(roles.x)
    beside = {word for word in x.words if not axis_of(word)}
    found = []
    for i, name in enumerate(names):
        rank = _time_rank(name, beside, is_delta=options.time_is_delta)
        if rank is not None:
            is_odd = not (options.time_format or _holds_times(head.columns[name.text]))
            found.append((is_odd, rank, i, name.text))
    roles.time = min(found)[3] if found else ""


def _time_rank(name: Name, beside: set[str], *, is_delta: bool) -> int | None:
    """Rank a name as the name of the time, 0 the most likely; None if it is not one.

    A name that shares the words of the position's name, such as `mouse.time` or
    `timestamps_get_response`, is the most likely.
    """
    rest = set(name.words) - beside
    if beside and set(name.words) >= beside and rest & TIME_WORDS and not rest & NOT_THE_TIME:
        return 0
    if name.key in DELTAS:
        return 1 if is_delta else 1000
    if name.key in TIMES:
        return 2 + TIMES.index(name.key)
    strange = set(name.words) & NOT_THE_TIME
    return 500 if set(name.words) & TIME_WORDS and not strange else None


def _holds_times(cells: Sequence[object]) -> bool:
    def is_time(cell: object) -> bool:
        return looks_numeric(cell) or looks_like_list(cell) or looks_like_time(cell)

    return not cells or shares(cells, is_time) > 0.5 or all(map(is_missing, cells))


def guess_by_cells(
    roles: Roles, table: Table, head: Chunk, given: Mapping[str, str], findings: Findings
) -> None:
    """Without a header, take three columns as time, x and y if only one can be the time."""
    times = [name for name in table.names if _is_surely_time(head.columns[name])]
    if len(table.names) == 3 and len(times) == 1 and not given:
        roles.time = times[0]
        roles.x, roles.y = (name for name in table.names if name != times[0])
        findings.warn(
            f"There is no header. Column {roles.time} holds times, so {roles.x} and {roles.y} are"
            " taken for x and y. --columns decides."
        )


def _is_surely_time(cells: Sequence[object]) -> bool:
    """Return whether cells are calendar times, as texts or as numbers since 1970."""
    told = [cell for cell in cells if not is_missing(cell)]
    if told and all(map(looks_like_time, told)):
        return True
    try:
        numbers = [float(str(cell).replace(",", ".")) for cell in told]
    except ValueError:
        return False
    return bool(numbers) and epoch_unit(min(numbers), max(numbers)) is not None


def refuse_missing(roles: Roles, table: Table, findings: Findings) -> None:
    missing = [what for what in ("time", "x", "y") if not getattr(roles, what)]
    if not missing:
        return
    what = listed(missing).replace(", ", " and ") if len(missing) < 3 else "time, x and y"
    if table.has_header:
        findings.stop(
            f"no column is certain to be {what}; the file has: {listed(table.names, most=30)}",
            f"--columns {','.join(f'{name}=NAME' for name in missing)}",
        )
    first = [str(column[0]) for column in table.head().columns.values() if column]
    findings.stop(
        f"there is no header that says which column is {what}; the first row: {listed(first)}",
        "--columns time=1,x=2,y=3 names columns by their numbers",
    )
