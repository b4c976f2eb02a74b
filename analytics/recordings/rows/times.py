"""The times of a file's rows: numbers in the file's unit, and moments in microseconds."""

import math
from array import array
from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any

from analytics.recordings.options import Options
from analytics.recordings.rows.cells import looks_numeric, to_number
from analytics.recordings.rows.moments import MomentReader, is_compact


class TimeColumn:
    """The times of a file's rows: numbers in the file's unit, or microseconds if `is_us`."""

    def __init__(self, options: Options, decimal: str) -> None:
        self.values: array[Any] = array("q")
        self.is_us = bytearray()
        self.is_dated = self.lacks_zone = self.is_undated = False
        self._decimal = decimal
        self._format = options.time_format
        self.reader = MomentReader(zone=options.timezone or UTC, form=options.time_format)

    def extend(self, cells: Sequence[Any], places: Sequence[int], refuse: Callable) -> None:
        """Add cells; call `refuse(place, cell, why)` for one that is not a time, and add 0."""
        if not self._format and self._extend_by_numbers(cells):
            return
        for place, cell in zip(places, cells, strict=True):
            try:
                self._add(cell)
            except (ValueError, OverflowError) as error:
                refuse(place, cell, str(error))
                self._append(0, False)

    def _extend_by_numbers(self, cells: Sequence[Any]) -> bool:
        """Add cells that are all plain numbers, fast; return whether they were."""
        if self._decimal == "," and any("." in cell for cell in cells if isinstance(cell, str)):
            return False
        numbers = _to_numbers(cells, prefers_int=self.values.typecode == "q")
        if numbers is None:
            return False
        if numbers.typecode == "d" and self.values.typecode == "q":
            self.values = array("d", self.values)
        self.values.extend(numbers)
        self.is_us.extend(bytes(len(numbers)))
        return True

    def _append(self, value: float, is_us: bool) -> None:
        if self.values.typecode == "q" and not isinstance(value, int):
            self.values = array("d", self.values)
        self.values.append(value)
        self.is_us.append(is_us)

    def _add(self, cell: Any) -> None:
        if not self._format and looks_numeric(cell) and not is_compact(cell):
            number = to_number(cell, self._decimal)
            if abs(number) == float("inf"):
                raise ValueError("is no time")
            is_int = isinstance(cell, int) or (isinstance(cell, str) and cell.strip().isdecimal())
            self._append(int(cell) if is_int else number, False)
            return
        moment = self.reader.read(cell)
        self.is_dated |= moment.is_dated
        self.is_undated |= not moment.is_dated
        self.lacks_zone |= moment.is_dated and not moment.had_zone
        self._append(moment.us, True)


def _to_numbers(cells: Sequence[Any], *, prefers_int: bool) -> "array[Any] | None":
    """Return cells as integers or floats; None if one of them is not a finite number."""
    if prefers_int:
        try:
            return array("q", map(_to_int, cells))
        except (ValueError, TypeError, OverflowError):
            pass
    try:
        numbers = array("d", map(_to_float, cells))
    except (ValueError, TypeError, OverflowError):
        return None
    return numbers if all(map(math.isfinite, numbers)) else None


def _to_int(cell: Any) -> int:
    # int() would truncate 1.7 and read true as 1; a compact date is not a number.
    if (type(cell) is str and len(cell) < 14) or type(cell) is int:
        return int(cell)
    if type(cell) is str and not is_compact(cell):
        return int(cell)
    raise ValueError


def _to_float(cell: Any) -> float:
    if type(cell) is str and (len(cell) < 14 or not is_compact(cell)) and "_" not in cell:
        return float(cell)
    if type(cell) in (float, int):
        return float(cell)
    raise ValueError
