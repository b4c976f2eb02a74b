import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from core.tests.isolation import use_own_redis

WHOLE_SERVICE = Path(__file__).parent / "tests"


@pytest.fixture(autouse=True)
def a_test_changes_nothing_for_later_ones() -> Iterator[None]:
    """Fail a test that leaves another clock or other database settings to its process."""
    clock, options = time.time, dict(settings.DATABASES["default"]["OPTIONS"])
    yield
    left = time.time, settings.DATABASES["default"]["OPTIONS"]
    time.time, settings.DATABASES["default"]["OPTIONS"] = clock, options
    if left != (clock, options):
        pytest.fail(f"the test leaves {left} instead of {(clock, options)}")


def pytest_sessionstart() -> None:
    use_own_redis()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that run the whole service.

    They take longest, and at the end one of two workers would wait for the other's last file.
    """
    items.sort(key=lambda item: WHOLE_SERVICE not in item.path.parents)
