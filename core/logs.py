"""Formats log lines so that no caller's text can forge one.

A message may quote an address, a header or a value, and with it line breaks, terminal codes and
right-to-left text. The formatter escapes them, so logging calls need not. In JSON lines `json`
escapes them.
"""

import logging
from typing import Any


def escape(text: str) -> str:
    r"""Return the text on one line, its unprintable characters as `\n`, `\x1b` or `\u202e`."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


class LineFormatter(logging.Formatter):
    """Formats a record as one line; the indented lines of a traceback follow."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        return escape(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802
        return _indent(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return _indent(super().formatStack(stack_info))


def _indent(text: str) -> str:
    # An error's own text may contain line breaks too. An indented line is not a record.
    return "\n".join(f"    {escape(line)}" for line in text.split("\n"))
