"""A trial per row: each cell holds the values of all its samples."""

from collections.abc import Sequence
from typing import Any

from analytics.recordings.columns.roles import Roles
from analytics.recordings.findings import Findings
from analytics.recordings.rows.cells import looks_like_list, may_be_list, shares, to_list
from analytics.recordings.tables.table import Chunk


def are_lists(head: Chunk, roles: Roles, findings: Findings) -> bool:
    """Return whether time, x and y hold lists; stop if only some of them do."""
    columns = {what: getattr(roles, what) for what in ("time", "x", "y")}
    holds = {what: shares(head.columns[name], looks_like_list) > 0.5
             for what, name in columns.items()}  # fmt: skip
    if any(holds.values()):
        holds = {what: shares(head.columns[name], may_be_list) > 0.5
                 for what, name in columns.items()}  # fmt: skip
    if any(holds.values()) and not all(holds.values()):
        single = ", ".join(columns[what] for what, is_list in holds.items() if not is_list)
        findings.stop(
            f"some of time, x and y hold lists, but {single} does not",
            "--columns time=NAME,x=NAME,y=NAME names the ones that do",
        )
    return all(holds.values())


def spread_lists(chunk: Chunk, roles: Roles, number: int, findings: Findings) -> tuple[Chunk, int]:
    """Return a row for each sample of a chunk of trials, and the number of the next sample."""
    names = [name for name in chunk.columns if name not in (roles.time, roles.x, roles.y)]
    places: list[int] = []
    columns: dict[str, list[Any]] = {name: [] for name in chunk.columns}
    for i, place in enumerate(chunk.places):
        lists = [to_list(chunk.columns[name][i]) for name in (roles.time, roles.x, roles.y)]
        times, xs, ys = ([] if cells is None else cells for cells in lists)
        if None in lists or not times:
            findings.leave_out(f"{roles.time} is missing", first=place)
            continue
        if not len(times) == len(xs) == len(ys):
            findings.refuse(
                f"{findings.place} {place:,}: {roles.time} has {len(times)} values, {roles.x}"
                f" {len(xs)}, {roles.y} {len(ys)}"
            )
            continue
        places.extend([place] * len(times))
        _extend(columns, (roles.time, roles.x, roles.y), (times, xs, ys))
        for name in names:
            columns[name].extend([chunk.columns[name][i]] * len(times))
    return Chunk(places, range(number, number + len(places)), columns), number + len(places)


def _extend(
    columns: dict[str, list[Any]], names: Sequence[str], lists: Sequence[list[Any]]
) -> None:
    for name, cells in zip(names, lists, strict=True):
        columns[name].extend(cells)
