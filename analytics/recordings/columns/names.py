"""Column names, split into words without case and unit, so that spelling variants match."""

import re
from functools import lru_cache
from typing import NamedTuple

# Units of time in the spellings of files, and units of length other than px.
TIME_UNITS = {
    "s": "s", "sec": "s", "secs": "s", "second": "s", "seconds": "s",
    "ms": "ms", "msec": "ms", "msecs": "ms", "milli": "ms", "millis": "ms", "millisecond": "ms",
    "milliseconds": "ms", "us": "us", "µs": "us", "μs": "us", "usec": "us", "micros": "us",
    "microseconds": "us", "microsecond": "us", "ns": "ns", "nsec": "ns", "nanos": "ns",
    "nanoseconds": "ns", "nanosecond": "ns", "100ns": "100ns", "100 ns": "100ns",
}  # fmt: skip
# Units of time that no option takes; the short ones in brackets only (`time_min` is a minimum).
OTHER_TIME_UNITS = {
    "minute", "minutes", "hour", "hours", "day", "days", "frame", "frames", "tick", "ticks",
    "samples", "jiffies",
}  # fmt: skip
SHORT_TIME_UNITS = {"min", "mins", "h", "hr", "hrs", "d", "cs", "ds", "fr"}
LENGTHS = {"mm", "cm", "m", "in", "inch", "deg", "°", "pt", "norm", "%", "percent", "height"}
PIXELS = {"px", "pix", "pixel", "pixels", "dacs px", "dacspx", "adcspx", "mcspx", "css px"}

POSITION = re.compile(
    r"(?P<axis>[xy])(pos|position|coord|coordinate|loc|px|pixel|val|value)?s?"
    r"|(pos|position|coord|coordinate|loc|mouse|cursor|pointer|client|page|screen)(?P<last>[xy])"
)
TIME_WORDS = {
    "time",
    "times",
    "timestamp",
    "timestamps",
    "timecode",
    "t",
    "ts",
    "datetime",
    "when",
    "zeit",
}
_UNIT = re.compile(r"^(.*?)[\s_]*[(\[{<]\s*([^)\]}>]*?)\s*[)\]}>]\s*$", re.DOTALL)
_CAMEL = re.compile(r"(?<=[a-z\d])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


class Name(NamedTuple):
    """A column's name as in the file, its words in lower case, and its unit if any."""

    text: str
    words: tuple[str, ...]
    unit: str

    @property
    def key(self) -> str:
        return "_".join(self.words)


@lru_cache(maxsize=10_000)
def parse_name(text: str) -> Name:
    """Split a name into words: "Mouse position X [DACS px]" and "clientX" alike."""
    bare, unit = text.strip(), ""
    if match := _UNIT.match(bare):
        bare, unit = match[1], match[2].strip().lower()
    words = [word for word in re.split(r"[\W_]+", _CAMEL.sub("_", bare).lower()) if word]
    if not unit and len(words) > 1 and words[-1] in TIME_UNITS:
        unit = words.pop()
    elif not unit and len(words) == 1 and words[0] in TIME_UNITS:
        unit = words[0]
    elif not unit and words and words[-1] in PIXELS and len(words) > 1:
        unit = words.pop()
    return Name(text, tuple(words), unit)


def other_time_unit(name: Name) -> str:
    """Return the unit in the name of a time that no option takes, or ""."""
    last = name.words[-1] if name.words else ""
    if name.unit in OTHER_TIME_UNITS | SHORT_TIME_UNITS:
        return name.unit
    return last if last in OTHER_TIME_UNITS else ""


def axis_of(word: str) -> str:
    """Return "x" or "y" if a word names a coordinate, such as `xpos`, and otherwise ""."""
    match = POSITION.fullmatch(word)
    return (match["axis"] or match["last"]) if match else ""


def is_known_name(text: str) -> bool:
    """Return whether a name names a time or a coordinate."""
    name = parse_name(text)
    return any(axis_of(word) or word in TIME_WORDS for word in name.words)


def is_unit(cell: str) -> bool:
    """Return whether a cell below a header holds a unit, as instruments write it."""
    text = cell.strip().strip("()[]").lower()
    return not cell or text in TIME_UNITS or text in LENGTHS or text in PIXELS
