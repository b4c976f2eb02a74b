"""Files on disk: compression, binary or text, and the text's encoding."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, TextIO

from analytics.recordings.findings import Findings

HEAD_BYTES = 65_536
BLOCK_BYTES = 1 << 20

GZIP, PARQUET, ARROW = b"\x1f\x8b", b"PAR1", b"ARROW1"
# The first bytes of unsupported files, and the advice for each.
FOREIGN = (
    (b"PK\x03\x04", "a zip archive or a workbook (xlsx, ods)", "unpack it, or save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (xls)", "save it as CSV UTF-8"),
    (b"BZh", "compressed by bzip2", "unpack it: bunzip2 FILE"),
    (b"\xfd7zXZ", "compressed by xz", "unpack it: unxz FILE"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd", "unpack it: unzstd FILE"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (b"\x89HDF", "an HDF5 file", "export the table as CSV or Parquet"),
    (b"MATLAB 5.0", "a MATLAB file", "export it by writetable as CSV"),
    (b"\x93NUMPY", "a NumPy array", "export it by numpy.savetxt as CSV"),
    (b"RDX", "an R data file", "export it by write.csv"),
    (b"X\n\x00", "an R data file", "export it by write.csv"),
    (b"$FL2", "an SPSS file", "save it as CSV"),
    (b"%PDF", "a PDF", "import the data that it was made from"),
    (b"<", "HTML or XML", "export the data as CSV or JSON"),
)
BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with a byte order mark",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 without a byte order mark",
    "utf-16-be": "UTF-16 (big-endian) without a byte order mark",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
    "latin-1": "Latin-1",
}


class Source(NamedTuple):
    """A file that can be opened; `head` is its first bytes, decompressed if it is gzip."""

    path: Path
    is_gzip: bool
    head: bytes

    def open(self) -> BinaryIO:
        """Open it for reading bytes, decompressed."""
        return gzip.open(self.path) if self.is_gzip else self.path.open("rb")  # type: ignore[return-value]

    def open_text(self, encoding: str) -> TextIO:
        """Open it for reading text, with its line ends unchanged."""
        return io.TextIOWrapper(self.open(), encoding=encoding, newline="")


@contextmanager
def plain_faults(findings: Findings) -> Iterator[None]:
    """Turn the errors of reading a file into plain findings."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile):
        findings.stop("the file is truncated or damaged: its gzip stream has no valid end")
    except UnicodeDecodeError as error:
        findings.stop(
            f"byte {error.start:,} is not {error.encoding}", "--encoding NAME says what it is"
        )
    except OSError as error:
        findings.stop(error.strerror or str(error))
    except (MemoryError, RecursionError):
        findings.stop("the file is too large or too deeply nested to be read here")


def open_source(path: Path, findings: Findings) -> Source:
    """Read a file's first bytes; stop if its kind is not supported."""
    try:
        with path.open("rb") as file:
            is_gzip = file.read(2) == GZIP
        source = Source(path, is_gzip, b"")
        with source.open() as file:
            source = source._replace(head=file.read(HEAD_BYTES))
    except IsADirectoryError:
        findings.stop("is a folder", f"name the files in it: {path}/*")
    if is_gzip:
        findings.say("file", "gzip")
    start = source.head.removeprefix(codecs.BOM_UTF8).lstrip()
    if not start:
        findings.stop("is empty: it holds no samples")
    for magic, what, advice in FOREIGN:
        if start.startswith(magic):
            findings.stop(f"is {what}, which is not read here", advice)
    return source


def find_encoding(source: Source, given: str | None, findings: Findings) -> str:
    """Return the encoding of a text: the given one, or by its byte order mark or its bytes.

    A text with a single byte that is not UTF-8 is read as Windows-1252. Guessing by letter
    frequencies fails here: a file has a few words, and the rest are digits.
    """
    if given:
        try:
            encoding = codecs.lookup(given).name
        except LookupError:
            findings.stop(f"there is no encoding {given}", "such as --encoding latin-1")
    else:
        encoding = _guess_encoding(source, findings)
    findings.say("file", NAMES.get(encoding, encoding))
    return encoding


def _guess_encoding(source: Source, findings: Findings) -> str:
    for bom, name in BOMS:
        if source.head.startswith(bom):
            return name
    head = source.head[: len(source.head) // 2 * 2]
    zeros = head[0::2].count(0), head[1::2].count(0)
    if zeros[1] > len(head) * 0.2 > 5 * zeros[0]:
        return "utf-16-le"
    if zeros[0] > len(head) * 0.2 > 5 * zeros[1]:
        return "utf-16-be"
    if any(zeros):
        findings.stop("holds zero bytes and is no text", "is it CSV, JSON or Parquet?")
    if _is_utf8(source):
        return "utf-8"
    name = "latin-1" if _has_gaps_of_cp1252(source) else "cp1252"
    findings.warn(f"The text is not UTF-8; {NAMES[name]} is assumed. --encoding decides.")
    return name


def _is_utf8(source: Source) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with source.open() as file:
            for block in iter(lambda: file.read(BLOCK_BYTES), b""):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _has_gaps_of_cp1252(source: Source) -> bool:
    with source.open() as file:
        return any(
            block.translate(None, b"\x81\x8d\x8f\x90\x9d") != block
            for block in iter(lambda: file.read(BLOCK_BYTES), b"")
        )
