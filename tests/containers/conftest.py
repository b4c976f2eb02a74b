import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.containers import images
from tests.containers.engine import Engine
from tests.containers.stack import Stack, check_out
from tests.containers.timing import timed
from tests.service import ROOT


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.environ.get("CONTAINERS") != "own engine":
        reason = "containers run in an engine of their own, as root: `make containers`"
        for item in items:
            if "tests/containers/" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A running engine that has a stand-in for each base image."""
    with timed("file systems from packages"):
        found = subprocess.run(
            [ROOT / "scripts" / "engine"], stdout=subprocess.PIPE, text=True, check=True
        )
    if not found.stdout:
        pytest.skip("no engine can run here; the reason is above")
    roots, folder = Path(found.stdout.strip()), tmp_path_factory.mktemp("containers")
    checkout = check_out(folder / "checkout")
    with Engine(roots / "engine", checkout=checkout, log=folder / "dockerd.log") as running:
        with timed("stand-ins for the base images"):
            images.build(running, roots)
        yield running


@pytest.fixture(scope="session")
def stack(engine: Engine) -> Iterator[Stack]:
    stack = Stack(engine, engine.checkout)
    stack.clear()
    stack.start()
    yield stack
    stack.clear()
