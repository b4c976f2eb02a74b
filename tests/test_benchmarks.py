"""A slowdown is noticed: ratios of CPU time are compared with stored ones."""

import sys

import pytest

from benchmarks.short import fallen, measure_short
from benchmarks.table import Row, has_fallen, to_text


@pytest.fixture
def unblocked(django_db_blocker: pytest.fixture) -> None:
    """A benchmark creates its own databases."""
    with django_db_blocker.unblock():
        yield


@pytest.mark.timed
@pytest.mark.usefixtures("unblocked")
def test_no_ratio_has_fallen_by_a_third(capsys: pytest.CaptureFixture[str]) -> None:
    rows = measure_short()
    if worse := fallen(rows):
        # Other load may have slowed the whole measurement; a change of ours persists.
        rows = measure_short()
        worse = fallen(rows)
    with capsys.disabled():
        sys.stdout.write(f"\n{to_text(rows)}\n")
    assert not worse


def test_a_fall_by_a_third_is_recognised() -> None:
    higher, lower = Row("a", "", "", 10.0, 1.0), Row("b", "", "", 10.0, 1.0, low=True)
    assert [has_fallen(higher, was) for was in (14.9, 15.1)] == [False, True]
    assert [has_fallen(lower, was) for was in (6.7, 6.6)] == [False, True]
