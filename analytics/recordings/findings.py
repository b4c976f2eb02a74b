"""What the reader understood of one file, collected while it reads: the preview is made of it."""

from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

SHOWN_CELL = 40
SHOWN_REFUSALS = 8


class Refusal(NamedTuple):
    """Why a file is refused, and the option that helps, where one does."""

    text: str
    advice: str = ""


class StopReading(Exception):  # noqa: N818  (a signal: the refusal is in the findings)
    """Nothing more can be understood of the file."""


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
        # What a place in the file is called: a line of text, a row of a table.
        self.place = "line"

    def say(self, label: str, text: str) -> None:
        """Add a fact to the preview, once."""
        texts = self.facts.setdefault(label, [])
        if text not in texts:
            texts.append(text)

    def start_again(self) -> None:
        """Forget what was counted in rows, which are read once more."""
        self.left_out.clear()
        self.mended.clear()
        self.rows = 0

    def warn(self, text: str) -> None:
        """Add what the user should look at, though the file is read."""
        self.say("note", text)

    def leave_out(self, why: str, rows: int = 1, *, first: int | None = None) -> None:
        """Count rows that are not taken because something is wrong with them.

        `--strict` refuses the file then. `first` is the place of the first of them.
        """
        if self.strict and why not in self.left_out:
            where = "" if first is None else f"{self.place} {first:,}: "
            self.refuse(f"{where}{why}", "without --strict such rows are left out")
        self.left_out[why] += rows

    def mend(self, what: str, rows: int = 1) -> None:
        """Count rows that are taken, though not as the file has them; `--strict` refuses them."""
        if self.strict and what not in self.mended:
            self.refuse(what, "without --strict such rows are taken")
        self.mended[what] += rows

    def pass_over(self, why: str, rows: int = 1) -> None:
        """Count rows that are not meant to be samples."""
        self.left_out[why] += rows

    def refuse(self, text: str, advice: str = "") -> None:
        """Note why the file is refused; reading goes on, to find the rest."""
        if len(self.refusals) < SHOWN_REFUSALS:
            self.refusals.append(Refusal(text, advice))
        else:
            self.refusals_not_shown += 1

    def refuse_cell(self, place: int, column: str, cell: Any, why: str, advice: str = "") -> None:
        """Refuse the file for one cell, which is quoted, shortened."""
        self.refuse(f"{self.place} {place:,}, column {column}: {quoted(cell)} {why}", advice)

    def stop(self, text: str, advice: str = "") -> NoReturn:
        """Refuse the file and end reading it."""
        self.refuse(text, advice)
        raise StopReading(text)


def quoted(cell: Any) -> str:
    """Return a cell as it is shown in messages: in quotes, on one line, and short."""
    text = " ".join(str(cell).split())
    if len(text) > SHOWN_CELL:
        text = f"{text[: SHOWN_CELL - 1]}…"
    return f'"{text}"'


def listed(names: Any, *, most: int = 12) -> str:
    """Return names in one line, with commas; `most` of them, and how many more there are."""
    names = [str(name) for name in names]
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def counted(number: int, what: str, plural: str = "") -> str:
    """Return "1 row" or "1,234 rows"."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"
