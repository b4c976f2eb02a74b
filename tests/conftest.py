import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser import open_chromium
from tests.embedding import Site, open_site
from tests.patience import LONGEST_SECONDS, ended_after, give_children_default_signals
from tests.production import PROCESSES, Production
from tests.proxy import Proxy
from tests.service import Service
from tests.staff import OpenStaffPage, logged_in

give_children_default_signals()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """End a test that waits for ever."""
    with ended_after(LONGEST_SECONDS, item.name):
        return (yield)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service, shared by tests that leave it unchanged."""
    with Service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="session")
def cleared_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A running service whose pages, instances and trials each test replaces (tests/heat.py)."""
    with Service(tmp_path_factory.mktemp("cleared")) as running:
        yield running


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """A service as its image runs it, shared by tests that leave it unchanged.

    At the end, SIGTERM must end each of its processes.
    """
    service = Production(tmp_path_factory.mktemp("production"))
    collected = service.run("deploy/start", "collectstatic", "--noinput")
    assert collected.returncode == 0, collected.stderr
    with service:
        yield service
        processes = {name: service.processes[name] for name in PROCESSES}
    codes = {name: process.returncode for name, process in processes.items()}
    # uvicorn ends by the signal that it received, after its own shutdown.
    assert codes == {"web": -signal.SIGTERM, "live": -signal.SIGTERM, "worker": 0, "beat": 0}


@pytest.fixture(scope="module")
def proxy(production: Production, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("caddy")
    with Proxy(folder, web=production.port, live=production.live_port) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser; a module that needs the back/forward cache has its own."""
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Another site, whose pages a test writes."""
    with open_site(tmp_path) as site:
        yield site


@pytest.fixture(scope="module")
def staff(service: Service) -> Iterator[BrowserContext]:
    """A browser in which a member of staff has logged in."""
    with logged_in(service) as context:
        yield context


@pytest.fixture
def open_page(service: Service, staff: BrowserContext) -> Iterator[OpenStaffPage]:
    """Opens pages of the service for staff, and closes them after the test."""
    opened: list[Page] = []

    def open_page(path: str) -> Page:
        opened.append(staff.new_page())
        opened[-1].goto(service.url + path, wait_until="domcontentloaded")
        return opened[-1]

    yield open_page
    for page in opened:
        page.close()
