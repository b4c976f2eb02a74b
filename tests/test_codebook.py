"""The codebook in docs/export.md has the columns of exports, word for word."""

import re
from collections.abc import Sequence

import pytest

from analytics.reading.events import COLUMNS as EVENT_COLUMNS
from analytics.reading.export import INSTANCE_COLUMNS
from analytics.reading.scenes import MARK_COLUMNS, SCENE_COLUMNS
from analytics.studies.path_list import COLUMNS as PATH_COLUMNS
from analytics.studies.tables import COLUMNS as MEASURE_COLUMNS
from analytics.studies.trial_list import COLUMNS as TRIAL_COLUMNS
from core.api.file_formats import Column
from dashboard.statuses.series import COLUMNS as STATUS_COLUMNS
from tests.service import ROOT

CODEBOOK = (ROOT / "docs" / "export.md").read_text()


def told(section: str) -> list[tuple[str, ...]]:
    """Return the rows of a section's table: name, type, unit and meaning."""
    text = CODEBOOK.split(f"\n## {section}\n")[1].split("\n## ")[0]
    return [
        tuple(cell.strip() for cell in row)
        for row in re.findall(r"^\| `(\w+)` \|(.*)\|(.*)\|(.*)\|$", text, re.MULTILINE)
    ]


@pytest.mark.parametrize(
    ("section", "columns"),
    [
        ("Samples", EVENT_COLUMNS),
        ("Scenes", SCENE_COLUMNS),
        ("Marks", MARK_COLUMNS),
        ("Instances", INSTANCE_COLUMNS),
        ("Statuses", STATUS_COLUMNS),
        ("Measures", MEASURE_COLUMNS),
        ("Trials", TRIAL_COLUMNS),
        ("Paths", PATH_COLUMNS),
    ],
)
def test_the_codebook_has_every_column(section: str, columns: Sequence[Column]) -> None:
    assert told(section) == [(c.name, c.kind.value, c.unit, c.description) for c in columns]
