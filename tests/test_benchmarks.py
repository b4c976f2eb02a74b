"""The service does not get slower unseen: ratios of CPU time against those that are stored."""

import sys

import pytest

from benchmarks.short import fallen, measure_short
from benchmarks.table import Row, has_fallen, to_text


@pytest.fixture
def unblocked(django_db_blocker: pytest.fixture) -> None:
    """A benchmark makes databases of its own."""
    with django_db_blocker.unblock():
        yield


@pytest.mark.usefixtures("unblocked")
def test_no_ratio_has_fallen_by_a_third(capsys: pytest.CaptureFixture[str]) -> None:
    rows = measure_short()
    if worse := fallen(rows):
        # A neighbour may have had the machine for all of it; a change of ours stays.
        rows = measure_short()
        worse = fallen(rows)
    with capsys.disabled():
        sys.stdout.write(f"\n{to_text(rows)}\n")
    assert not worse


def test_a_ratio_falls_by_a_third_or_it_does_not() -> None:
    higher, lower = Row("a", "", "", 10.0, 1.0), Row("b", "", "", 10.0, 1.0, low=True)
    assert [has_fallen(higher, was) for was in (14.9, 15.1)] == [False, True]
    assert [has_fallen(lower, was) for was in (6.7, 6.6)] == [False, True]
