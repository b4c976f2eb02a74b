from collections.abc import Callable, Iterator

import pytest

from tests.hosts.cluster import Cluster
from tests.hosts.network import is_own_namespace

FIGURES = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = []


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print what the tests measured, as docs/scaling.md has it."""
    if figures := config.stash[FIGURES]:
        terminalreporter.section("figures for docs/scaling.md")
        for line in figures:
            terminalreporter.line(line)


@pytest.fixture
def note(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Notes a line of figures for the end of the run."""
    return pytestconfig.stash[FIGURES].append


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
