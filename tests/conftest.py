from collections.abc import Iterator

import pytest

from tests.service import Service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One running service for the tests that leave it as they found it."""
    with Service(tmp_path_factory.mktemp("service")) as running:
        yield running
