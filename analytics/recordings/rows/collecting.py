"""Converts the cells of a file to numbers, row by row; faults go to the findings."""

from array import array
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from analytics.recordings.columns.roles import Roles
from analytics.recordings.findings import Findings
from analytics.recordings.options import Options
from analytics.recordings.rows.answers import take_answers
from analytics.recordings.rows.arrays import Rows
from analytics.recordings.rows.cells import find_decimal, is_missing, to_number
from analytics.recordings.rows.choosing import without_missing, without_other_rows
from analytics.recordings.rows.grouping import keys_of, number_keys
from analytics.recordings.rows.identity import enters_of, seqs_of
from analytics.recordings.rows.lists import spread_lists
from analytics.recordings.rows.moments import find_date_order
from analytics.recordings.rows.times import TimeColumn
from analytics.recordings.tables.table import Chunk, Table


class CommasFound(Exception):  # noqa: N818  (a signal: the rows are read again)
    """Numbers have decimal commas, which the first rows did not show."""


def collect(
    table: Table, roles: Roles, *, are_lists: bool, options: Options, findings: Findings
) -> Rows:
    """Read all rows of a table; faults go to the findings."""
    head = _with_dates(table.head(), roles)
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


def _with_dates(chunk: Chunk, roles: Roles) -> Chunk:
    """Prepend the date to the time if they have separate columns."""
    if not roles.date:
        return chunk
    pairs = zip(chunk.columns[roles.date], chunk.columns[roles.time], strict=True)
    times = [None if is_missing(time) else f"{date} {time}" for date, time in pairs]
    return chunk._replace(columns={**chunk.columns, roles.time: times})


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
        self.rows.times.reader.order = order
        self.has_commas = False
        self.sums: dict[tuple, Decimal] = {}

    def collect(self) -> Rows:
        number = 0
        for chunk in self.table.chunks(self.roles.needed()):
            self.findings.rows += len(chunk.places)
            chunk = _with_dates(chunk, self.roles)
            if self.are_lists:
                chunk = without_other_rows(chunk, self.roles, self.findings)
                chunk, number = spread_lists(chunk, self.roles, number, self.findings)
                chunk = self._summed(chunk)
            else:
                chunk = without_other_rows(self._summed(chunk), self.roles, self.findings)
            self._take(without_missing(chunk, self.roles, self.findings))
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

    def _take(self, chunk: Chunk) -> None:
        rows, columns = self.rows, chunk.columns
        rows.times.extend(columns[self.roles.time], chunk.places, self._refuse_time)
        for name, values in ((self.roles.x, rows.xs), (self.roles.y, rows.ys)):
            values.extend(self._numbers(name, columns[name], chunk.places))
        rows.seqs.extend(seqs_of(chunk, self.roles.seq, self.decimal, self.findings))
        rows.enters.extend(enters_of(chunk, self.roles.enter, self.findings))
        rows.places.extend(chunk.places)
        self._group(chunk)

    def _numbers(self, name: str, cells: Sequence[Any], places: Sequence[int]) -> array:
        types = set(map(type, cells))
        try:
            # Python would read true as 1, and 1_000 as a thousand.
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
        """Start again if a number has a decimal comma and no earlier number had a decimal point."""
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

    def _group(self, chunk: Chunk) -> None:
        rows, count = self.rows, len(chunk.places)
        if not (self.roles.people or self.roles.trials or self.roles.answers) and not (
            self.are_lists or self.table.is_unpacked
        ):
            rows.pointer_keys = {(): 0}
            rows.trial_keys = {((), ()): 0}
            rows.pointers.frombytes(bytes(count * rows.pointers.itemsize))
            rows.trials.frombytes(bytes(count * rows.trials.itemsize))
            return
        trials, pointers = self._trial_keys(chunk)
        rows.pointers.extend(number_keys(pointers, rows.pointer_keys))
        numbers = number_keys(trials, rows.trial_keys)
        rows.trials.extend(numbers)
        if self.roles.trials or self.are_lists or self.table.is_unpacked:
            take_answers(chunk, self.roles, numbers, rows.answers, self.findings)

    def _trial_keys(self, chunk: Chunk) -> tuple[list[tuple], list[tuple]]:
        """Return the key of each row's trial among all pointers, and the key of its pointer."""
        pointers = keys_of(chunk, self.roles.people)
        trials: list[Sequence[Any]] = [pointers, keys_of(chunk, self.roles.trials)]
        if self.are_lists or (self.table.is_unpacked and not self.roles.trials):
            trials.append(chunk.places)
        return list(zip(*trials, strict=True)), pointers
