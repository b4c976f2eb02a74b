"""Opens a file's table in any supported format."""

import re

from analytics.recordings.findings import Findings
from analytics.recordings.options import Options
from analytics.recordings.tables.files import ARROW, PARQUET, open_source
from analytics.recordings.tables.json_documents import JsonTable, UnpackedTable, find_packed
from analytics.recordings.tables.parquet import ParquetTable
from analytics.recordings.tables.table import Table, TextTable
from analytics.recordings.tables.wide import WideTable, find_families

# The first two characters of JSON. A text may begin with a section's name, such as "[Header]".
_JSON = re.compile(rb"(\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*(\{|\[\s*[\[{\]\d\"-])")


def open_table(findings: Findings, options: Options) -> Table:
    """Open a file's table; stop if it has none.

    The first bytes decide between Parquet, Arrow and JSON (`{` or `[`). Any other file is read as
    delimited text.
    """
    source = open_source(findings.path, findings)
    if source.head.startswith((PARQUET, ARROW)):
        return ParquetTable(source, findings)
    if _JSON.match(source.head.replace(b"\0", b"")):
        return JsonTable(source, options, findings)
    table = TextTable(source, options, findings)
    if families := find_families(table.names):
        return WideTable(table, families)
    if packed := find_packed(table.head()):
        findings.say("file", f"JSON lists in {packed}")
        return UnpackedTable(table, packed)
    return table
