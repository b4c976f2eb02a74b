import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext

from tests.production import PROCESSES, Production
from tests.proxy import Proxy
from tests.service import Service
from tests.staff import logged_in


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One running service for the tests that leave it as they found it."""
    with Service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """One service as its image runs it, for the tests that leave it as they found it.

    When they are through, SIGTERM must end each of its processes by itself.
    """
    service = Production(tmp_path_factory.mktemp("production"))
    collected = service.run("deploy/start", "collectstatic", "--noinput")
    assert collected.returncode == 0, collected.stderr
    with service:
        yield service
        processes = {name: service.processes[name] for name in PROCESSES}
    codes = {name: process.returncode for name, process in processes.items()}
    # uvicorn ends, after its own farewell, by the signal that it was sent.
    assert codes == {"web": -signal.SIGTERM, "live": -signal.SIGTERM, "worker": 0, "beat": 0}


@pytest.fixture(scope="module")
def proxy(production: Production, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("caddy")
    with Proxy(folder, web=production.port, live=production.live_port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def staff(service: Service) -> Iterator[BrowserContext]:
    """A browser in which somebody of the staff has logged in."""
    with logged_in(service) as context:
        yield context
