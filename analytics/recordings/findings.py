"""The facts that the reader collects about one file; the preview shows them."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

SHOWN_CELL = 40
SHOWN_REFUSALS = 8


class Refusal(NamedTuple):
    """The reason why a file is refused, and the option that helps, if any."""

    text: str
    advice: str = ""


class StopReading(Exception):  # noqa: N818  (a signal: the refusal is in the findings)
    """Reading stops; the reason is in the findings."""


class Findings:
    """Facts by label, in the order in which they were found; rows left out, and why; refusals."""

    def __init__(self, path: Path, *, strict: bool = False) -> None:
        self.path, self.strict = path, strict
        self.facts: dict[str, list[str]] = {}
        self.left_out: Counter[str] = Counter()
        self.mended: Counter[str] = Counter()
        self.refusals: list[Refusal] = []
        self.refusals_not_shown = 0
        self.rows = 0
        # The name of a place in the file: a line of text, a row of a table.
        self.place = "line"

    def say(self, label: str, text: str) -> None:
        """Add a fact to the preview, once."""
        texts = self.facts.setdefault(label, [])
        if text not in texts:
            texts.append(text)

    def start_again(self) -> None:
        """Reset the counts of rows, because the rows are read again."""
        self.left_out.clear()
        self.mended.clear()
        self.rows = 0

    def warn(self, text: str) -> None:
        """Add a note for the user; the file is still read."""
        self.say("note", text)

    def leave_out(self, why: str, rows: int = 1, *, first: int | None = None) -> None:
        """Count rows that are left out because something is wrong with them.

        With `--strict` they refuse the file. `first` is the place of the first of them.
        """
        if self.strict and why not in self.left_out:
            where = "" if first is None else f"{self.place} {first:,}: "
            self.refuse(f"{where}{why}", "without --strict such rows are left out")
        self.left_out[why] += rows

    def mend(self, what: str, rows: int = 1) -> None:
        """Count rows that are taken with a correction; with `--strict` they refuse the file."""
        if self.strict and what not in self.mended:
            self.refuse(what, "without --strict such rows are taken")
        self.mended[what] += rows

    def pass_over(self, why: str, rows: int = 1) -> None:
        """Count rows that are not samples."""
        self.left_out[why] += rows

    def refuse(self, text: str, advice: str = "") -> None:
        """Note why the file is refused; reading continues, to find further faults."""
        if len(self.refusals) < SHOWN_REFUSALS:
            self.refusals.append(Refusal(text, advice))
        else:
            self.refusals_not_shown += 1

    def refuse_cell(self, place: int, column: str, cell: Any, why: str, advice: str = "") -> None:
        """Refuse the file because of one cell, which is quoted in short."""
        self.refuse(f"{self.place} {place:,}, column {column}: {quoted(cell)} {why}", advice)

    def stop(self, text: str, advice: str = "") -> NoReturn:
        """Refuse the file and stop reading it."""
        self.refuse(text, advice)
        raise StopReading(text)


def quoted(cell: Any) -> str:
    """Return a cell for a message: in quotes, on one line, and short."""
    text = " ".join(str(cell).split())
    if len(text) > SHOWN_CELL:
        text = f"{text[: SHOWN_CELL - 1]}…"
    return f'"{text}"'


def listed(names: Any, *, most: int = 12) -> str:
    """Return at most `most` names, separated by commas, and the number of further ones."""
    names = [str(name) for name in names]
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def counted(number: int, what: str, plural: str = "") -> str:
    """Return "1 row" or "1,234 rows"."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"
