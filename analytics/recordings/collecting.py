"""Rows into arrays: what is left out, what is missing, and which pointer and trial each is of."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import partial
from itertools import compress
from typing import Any

from analytics.recordings.cells import find_decimal, is_missing, to_flag, to_number
from analytics.recordings.columns import Roles
from analytics.recordings.findings import Findings, quoted
from analytics.recordings.lists import spread_lists
from analytics.recordings.options import Options
from analytics.recordings.tables import Chunk, Table
from analytics.recordings.times import TimeColumn, find_date_order

# What events are called that have no position, or repeat one, when only letters are left.
NO_POSITION = {
    "focus", "blur", "focusin", "focusout", "load", "unload", "beforeunload", "pagehide",
    "pageshow", "visibilitychange", "visibility", "resize", "hashchange", "popstate", "copy",
    "paste", "cut", "input", "change", "submit", "select", "hidden", "visible",
}  # fmt: skip
MOST_SEQ = 2**31 - 1


@dataclass
class Rows:
    """The rows that are taken, as arrays of equal length; `pointers` and `trials` are numbers.

    `pointer_keys` and `trial_keys` have what each number stands for. `records` are the rows of the
    file that samples came out of, where a row holds many.
    """

    times: TimeColumn
    xs: array = field(default_factory=lambda: array("d"))
    ys: array = field(default_factory=lambda: array("d"))
    seqs: array = field(default_factory=lambda: array("q"))
    enters: bytearray = field(default_factory=bytearray)
    places: array = field(default_factory=lambda: array("q"))
    pointers: array = field(default_factory=lambda: array("l"))
    trials: array = field(default_factory=lambda: array("l"))
    pointer_keys: dict[tuple, int] = field(default_factory=dict)
    trial_keys: dict[tuple, int] = field(default_factory=dict)
    conditions: set[tuple] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self.places)

    def keep(self, mask: bytearray) -> None:
        """Drop the rows whose mask is 0."""
        for name in ("xs", "ys", "seqs", "places", "pointers", "trials"):
            old = getattr(self, name)
            setattr(self, name, array(old.typecode, compress(old, mask)))
        self.enters = bytearray(compress(self.enters, mask))
        times = self.times
        times.values = array(times.values.typecode, compress(times.values, mask))
        times.is_us = bytearray(compress(times.is_us, mask))


class CommasFound(Exception):  # noqa: N818  (a signal: the rows are read again)
    """Numbers have decimal commas, which the first rows did not show."""


def collect(
    table: Table, roles: Roles, *, are_lists: bool, options: Options, findings: Findings
) -> Rows:
    """Read all rows of a table; what is wrong with them is in the findings."""
    head = table.head()
    decimal = options.decimal or _find_decimal(table, roles, head, findings)
    order = "" if options.time_format else find_date_order(head.columns[roles.time], findings)
    make = partial(
        _Collector, table, roles, findings, are_lists=are_lists, options=options, order=order
    )
    try:
        return make(decimal=decimal).collect()
    except CommasFound:
        findings.start_again()
        return make(decimal=",").collect()


def _find_decimal(table: Table, roles: Roles, head: Chunk, findings: Findings) -> str:
    cells = [cell for name in (roles.x, roles.y, roles.time) for cell in head.columns[name]]
    decimal = find_decimal(cells, table.delimiter)
    if decimal == "?":
        findings.stop(
            "a comma may mark decimals or thousands, such as in 1,234", "--decimal , or --decimal ."
        )
    return decimal


class _Collector:
    def __init__(
        self,
        table: Table,
        roles: Roles,
        findings: Findings,
        *,
        decimal: str,
        order: str,
        are_lists: bool,
        options: Options,
    ) -> None:
        self.table, self.roles, self.findings, self.options = table, roles, findings, options
        self.decimal, self.are_lists = decimal, are_lists
        self.rows = Rows(TimeColumn(options, decimal))
        self.rows.times.order = order
        self.has_commas = False
        self.sums: dict[tuple, Decimal] = {}

    def collect(self) -> Rows:
        number = 0
        for chunk in self.table.chunks(self.roles.needed()):
            self.findings.rows += len(chunk.places)
            if self.are_lists:
                chunk = self._without_other_rows(chunk)
                chunk, number = spread_lists(chunk, self.roles, number, self.findings)
                chunk = self._summed(chunk)
            else:
                chunk = self._without_other_rows(self._summed(chunk))
            self._take(self._without_missing(chunk))
        if self.decimal == "," and self.has_commas:
            self.findings.say("file", "decimal comma")
        return self.rows

    def _summed(self, chunk: Chunk) -> Chunk:
        """Add up times that are steps, before any row is left out."""
        if not self.options.time_is_delta:
            return chunk
        trials, _ = self._trial_keys(chunk)
        sums: list[Any] = []
        for place, key, cell in zip(
            chunk.places, trials, chunk.columns[self.roles.time], strict=True
        ):
            if is_missing(cell):
                sums.append(cell)
                continue
            try:
                step = Decimal(str(cell).strip().replace(self.decimal, "."))
            except InvalidOperation:
                self._refuse(self.roles.time, place, cell, "is no step of time")
                step = Decimal(0)
            self.sums[key] = self.sums.get(key, Decimal(0)) + step
            sums.append(str(self.sums[key]).replace(".", self.decimal))
        return chunk._replace(columns={**chunk.columns, self.roles.time: sums})

    def _without_other_rows(self, chunk: Chunk) -> Chunk:
        """Leave out the rows that the user does not want, and those of kinds without position."""
        for name, values in self.roles.only.items():
            chunk = self._pass_over(chunk, name, _Among(values).__contains__, is_wanted=True)
        for name, values in self.roles.drop.items():
            chunk = self._pass_over(chunk, name, _Among(values).__contains__)
        for name in self.roles.kinds:
            if name not in self.roles.only:
                chunk = self._pass_over(chunk, name, has_no_position)
        return chunk

    def _pass_over(
        self, chunk: Chunk, name: str, test: Callable[[Any], bool], *, is_wanted: bool = False
    ) -> Chunk:
        cells = chunk.columns[name]
        # There are few values, so each is looked at once.
        known: dict[Any, bool] = {}
        mask = []
        for cell in cells:
            key = cell if isinstance(cell, str | int | float | None) else str(cell)
            if key not in known:
                known[key] = test(cell) == is_wanted
            mask.append(known[key])
        if all(mask):
            return chunk
        for cell in compress(cells, (not kept for kept in mask)):
            self.findings.pass_over(f"{name} is {quoted(cell)}")
        return chunk.keep(mask)

    def _without_missing(self, chunk: Chunk) -> Chunk:
        for what in ("time", "x", "y"):
            name = getattr(self.roles, what)
            cells = chunk.columns[name]
            mask = [not is_missing(cell) for cell in cells] if _may_miss(cells) else []
            if not all(mask):
                at = mask.index(False)
                missing = mask.count(False)
                self.findings.leave_out(f"{name} is missing", missing, first=chunk.places[at])
                chunk = chunk.keep(mask)
        return chunk

    def _take(self, chunk: Chunk) -> None:
        rows, columns = self.rows, chunk.columns
        rows.times.extend(columns[self.roles.time], chunk.places, self._refuse_time)
        for name, values in ((self.roles.x, rows.xs), (self.roles.y, rows.ys)):
            values.extend(self._numbers(name, columns[name], chunk.places))
        rows.seqs.extend(self._seqs(chunk))
        rows.enters.extend(self._flags(chunk))
        rows.places.extend(chunk.places)
        self._group(chunk)

    def _numbers(self, name: str, cells: Sequence[Any], places: Sequence[int]) -> array:
        types = set(map(type, cells))
        try:
            # Python would take true for 1, and 1_000 for a thousand.
            if types <= {int, float} or (types == {str} and self._are_plain("".join(cells))):
                return array("d", map(float, cells))
        except ValueError:
            pass
        return array("d", map(partial(self._number, name), places, cells))

    def _are_plain(self, joined: str) -> bool:
        return "_" not in joined and (self.decimal == "." or "." not in joined)

    def _number(self, name: str, place: int, cell: Any) -> float:
        self.has_commas |= isinstance(cell, str) and "," in cell
        try:
            return to_number(cell, self.decimal)
        except ValueError as error:
            self._look_for_comma(cell)
            self._refuse(name, place, cell, str(error))
            return 0.0

    def _refuse_time(self, place: int, cell: Any, why: str) -> None:
        self._look_for_comma(cell)
        self._refuse(self.roles.time, place, cell, why)

    def _look_for_comma(self, cell: Any) -> None:
        """Start again where a number has a decimal comma, and none before had a point."""
        if self.decimal == "," or self.options.decimal or self.table.delimiter == ",":
            return
        try:
            to_number(cell, ",")
        except ValueError:
            return
        if all(value % 1 == 0 for value in (*self.rows.xs, *self.rows.times.values)):
            raise CommasFound

    def _refuse(self, name: str, place: int, cell: Any, why: str) -> None:
        is_time = name == self.roles.time
        advice = "--time-format says how times are written" if is_time else (
            f"--drop {name}=… leaves such rows out"
        )  # fmt: skip
        self.findings.refuse_cell(place, name, cell, why, advice)

    def _seqs(self, chunk: Chunk) -> Sequence[int]:
        name = self.roles.seq
        if not name:
            return chunk.numbers
        seqs = []
        for place, number, cell in zip(
            chunk.places, chunk.numbers, chunk.columns[name], strict=True
        ):
            if is_missing(cell):
                self.findings.mend(f"{name} is missing: the row's number is taken")
                seqs.append(number)
            else:
                seqs.append(self._seq(name, place, cell))
        return seqs

    def _seq(self, name: str, place: int, cell: Any) -> int:
        advice = "--columns seq=- numbers the rows instead"
        try:
            value = to_number(cell, self.decimal)
            if value != int(value):
                raise ValueError("is no whole number")
            if not 0 <= value <= MOST_SEQ:
                raise ValueError(f"is not between 0 and {MOST_SEQ:,}")
        except (ValueError, OverflowError) as error:
            self.findings.refuse_cell(place, name, cell, str(error), advice)
            return 0
        return int(value)

    def _flags(self, chunk: Chunk) -> bytearray:
        name = self.roles.enter
        if not name:
            return bytearray(len(chunk.places))
        flags = bytearray()
        for place, cell in zip(chunk.places, chunk.columns[name], strict=True):
            try:
                flags.append(to_flag(cell))
            except ValueError as error:
                advice = "--columns enter=- reads the file without it"
                self.findings.refuse_cell(place, name, cell, str(error), advice)
                flags.append(False)
        return flags

    def _group(self, chunk: Chunk) -> None:
        rows, count = self.rows, len(chunk.places)
        if not (self.roles.people or self.roles.trials or self.roles.conditions) and not (
            self.are_lists or self.table.is_unpacked
        ):
            rows.pointer_keys = {(): 0}
            rows.trial_keys = {((), ()): 0}
            rows.pointers.frombytes(bytes(count * rows.pointers.itemsize))
            rows.trials.frombytes(bytes(count * rows.trials.itemsize))
            return
        trials, pointers = self._trial_keys(chunk)
        rows.pointers.extend(_number_keys(pointers, rows.pointer_keys))
        rows.trials.extend(_number_keys(trials, rows.trial_keys))
        rows.conditions.update(_keys(chunk, self.roles.conditions))

    def _trial_keys(self, chunk: Chunk) -> tuple[list[tuple], list[tuple]]:
        """Return for each row what names its trial, among all pointers', and its pointer."""
        pointers = _keys(chunk, self.roles.people)
        trials: list[Sequence[Any]] = [pointers, _keys(chunk, self.roles.trials)]
        if self.are_lists or (self.table.is_unpacked and not self.roles.trials):
            trials.append(chunk.places)
        return list(zip(*trials, strict=True)), pointers


class _Among:
    """Values of the command line, which a cell equals as a text or as a number."""

    def __init__(self, values: Sequence[str]) -> None:
        self.texts = {value.strip().lower() for value in values}
        self.numbers = set()
        for text in self.texts:
            try:
                self.numbers.add(to_number(text, "."))
            except ValueError:
                continue

    def __contains__(self, cell: Any) -> bool:
        if str(cell).strip().lower() in self.texts:
            return True
        try:
            return to_number(cell, ".") in self.numbers
        except ValueError:
            return False


def has_no_position(kind: Any) -> bool:
    """Tell whether a kind of event is one that carries no position of the pointer."""
    letters = "".join(filter(str.isalpha, str(kind).lower())).removeprefix("on")
    return (
        "scroll" in letters
        or "wheel" in letters
        or letters.startswith("key")
        or letters.removeprefix("window") in NO_POSITION
    )


def _may_miss(cells: Sequence[Any]) -> bool:
    """Tell at C speed whether a cell may be missing; a no is certain."""
    try:
        return not all(cells) or any(value != value for value in map(float, cells))
    except (ValueError, TypeError):
        return True


def _keys(chunk: Chunk, names: Sequence[str]) -> list[tuple]:
    if not names:
        return [()] * len(chunk.places)
    columns = (map(_plain, chunk.columns[name]) for name in names)
    return list(zip(*columns, strict=True))


def _plain(cell: Any) -> str:
    """Return a cell as it names something: 7, 7.0 and "7" are one."""
    text = "" if is_missing(cell) else str(cell).strip()
    return text.removesuffix(".0") if text.removesuffix(".0").isdecimal() else text


def _number_keys(keys: Sequence[tuple], known: dict[tuple, int]) -> list[int]:
    for key in dict.fromkeys(keys):
        known.setdefault(key, len(known))
    return [known[key] for key in keys]
