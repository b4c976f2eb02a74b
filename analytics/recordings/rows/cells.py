"""The values of text cells: numbers in several notations, missing values, and lists."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

# The texts by which tools mark a missing value.
MISSING = {
    "", "na", "n/a", "#n/a", "nan", "-nan", "nan(ind)", "null", "none", "nil", "undefined",
    ".", "-", "--", "?", "<na>", "missing", "nat",
}  # fmt: skip
TRUE = {"true", "t", "1", "yes", "y", "wahr", "ja", "vrai", "oui", "vero", "verdadero", "sim"}
FALSE = {"false", "f", "0", "no", "n", "falsch", "nein", "faux", "non", "falso"}
# Signs and spaces with which people and spreadsheets write numbers.
_DECORATION = str.maketrans({
    "\N{MINUS SIGN}": "-", "\N{NO-BREAK SPACE}": "", "\N{NARROW NO-BREAK SPACE}": "",
    "\N{THIN SPACE}": "", "'": "", "\N{RIGHT SINGLE QUOTATION MARK}": "",
})  # fmt: skip
_NUMBER = re.compile(
    r"[+-]?(\d+([.,]\d*)?|[.,]\d+|[1-9]\d{0,2}([.,]\d{3})+([.,]\d*)?)([eE][+-]?\d+)?"
)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}([.,]\d{3})+")
_GROUPED = {
    ".": re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?"),
    ",": re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+(,\d*)?"),
}
_BRACKETS = re.compile(r"^\s*(c\(|\[|\()(.*?)(\)|\])\s*$", re.DOTALL)
_LIST = re.compile(r"^\s*[+-]?[\d.]+\s*([,;|\s]\s*(NA|NaN|null|[+-]?[\d.]+([eE][+-]?\d+)?)\s*)+$")


def is_missing(cell: Any) -> bool:
    """Return whether a cell marks a missing value."""
    if isinstance(cell, str):
        return cell.strip().lower() in MISSING
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def to_number(cell: Any, decimal: str) -> float:
    """Return a cell as a number, or NaN if it is missing; ValueError for any other cell."""
    if isinstance(cell, bool) or not isinstance(cell, int | float | str | None):
        raise ValueError("is no number")
    if cell is None:
        return math.nan
    if not isinstance(cell, str):
        return float(cell)
    text = cell.strip()
    if text.lower() in MISSING:
        return math.nan
    text = text.translate(_DECORATION)
    if _GROUPED[decimal].fullmatch(text):
        text = text.replace("," if decimal == "." else ".", "")
    if decimal == ",":
        text = text.replace(".", "_").replace(",", ".")
    try:
        # Python reads 1_000 as a number.
        return float(text if "_" not in text else "")
    except ValueError:
        raise ValueError("is no number") from None


def looks_numeric(cell: Any) -> bool:
    """Return whether a cell is a number in any supported notation."""
    if isinstance(cell, str):
        return bool(_NUMBER.fullmatch(cell.strip().translate(_DECORATION)))
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def looks_like_list(cell: Any) -> bool:
    """Return whether a cell holds several values: a list, a bracketed text, or separated values."""
    return may_be_list(cell) and not looks_numeric(cell)


def may_be_list(cell: Any) -> bool:
    """Return whether a cell can hold several values; 100,200,300 may also be one number."""
    if isinstance(cell, str):
        text = cell.strip()
        return bool(_BRACKETS.match(text) or _LIST.match(text))
    return isinstance(cell, list)


def find_decimal(cells: Iterable[Any], delimiter: str) -> str:
    """Return which of `.` and `,` marks decimals in these numbers; "?" if it is ambiguous.

    A mark followed by exactly three digits may separate thousands; any other mark marks decimals.
    If every comma is ambiguous, the delimiter decides: files with decimal commas separate columns
    by semicolons, and comma-separated files quote "1,234".
    """
    has_point, is_doubtful = False, False
    for cell in cells:
        text = cell.strip().translate(_DECORATION) if isinstance(cell, str) else ""
        commas, points = text.count(","), text.count(".")
        if not (commas or points) or not _NUMBER.fullmatch(text):
            continue
        if commas and points:
            return "," if text.rindex(",") > text.rindex(".") else "."
        if commas + points > 1:
            return "." if commas else ","
        if not _THOUSANDS.fullmatch(text):
            return "," if commas else "."
        has_point, is_doubtful = has_point or bool(points), is_doubtful or bool(commas)
    if not is_doubtful:
        return "."
    return "?" if has_point else {",": ".", ";": ","}.get(delimiter, "?")


def to_list(cell: Any) -> list[Any] | None:
    """Return the values of a cell that holds several; None if it is missing."""
    if is_missing(cell):
        return None
    if isinstance(cell, list):
        return cell
    if not isinstance(cell, str):
        return [cell]
    text = cell.strip()
    bracketed = _BRACKETS.match(text)
    text = bracketed[2] if bracketed else text
    separator = next((mark for mark in ";|" if mark in text), "," if "," in text else None)
    return [part.strip().strip("\"'") for part in text.split(separator)] if text.strip() else []


def to_flag(cell: Any) -> bool:
    """Return a cell as a boolean, False if it is missing; ValueError for any other cell."""
    if is_missing(cell):
        return False
    text = str(cell).strip().lower().removesuffix(".0")
    if text in TRUE:
        return True
    if text in FALSE:
        return False
    raise ValueError("is neither true nor false")


def shares(cells: Sequence[Any], test: Any) -> float:
    """Return the share of the cells with a value that pass a test; 0 if no cell has a value."""
    told = [cell for cell in cells if not is_missing(cell)]
    return sum(map(test, told)) / len(told) if told else 0.0
