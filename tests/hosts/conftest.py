from collections.abc import Iterator

import pytest

from tests.hosts.cluster import Cluster
from tests.hosts.network import is_own_namespace


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not is_own_namespace():
        reason = "hosts are network namespaces, which root may make: `make hosts`"
        for item in items:
            if "tests/hosts/" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("hosts")) as running:
        yield running
