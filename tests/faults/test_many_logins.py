"""Dozens of wrong logins: an address is locked out, and pages stay almost as fast."""

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from statistics import median

import pytest
import requests

from tests.faults.background import Background
from tests.patience import wait_until
from tests.service import Service

GUESSERS = 24
ATTEMPTS_PER_ADDRESS = 6
THREADS = 4
# The limit of a page's time beside logins, in multiples of its time beside as many readers of the
# login page, who hash nothing. On a busy machine it was 1 to 8 times, and 33 times when every
# thread of web hashed passwords.
MOST_TIMES = 15
PATHS = itertools.cycle(["/login/", "/admin/login/"])


@pytest.fixture(scope="module", autouse=True)
def behind_a_proxy(running: Service) -> Iterator[None]:
    """Let guessers choose their addresses, and use the default number of threads."""
    running.start_missing()
    running.special["web"] = {
        "TRUSTED_PROXIES": "1",
        "LOGIN_ATTEMPTS_PER_ADDRESS": str(ATTEMPTS_PER_ADDRESS),
        "WEB_THREADS": str(THREADS),
    }
    running.stop("web")
    running.start("web")
    yield
    running.special.clear()
    running.stop("web")
    running.start("web")


class Readers(Background):
    """As many clients that read the login page without a pause: the cost of any 24 clients."""

    def __init__(self, service: Service) -> None:
        self.service = service
        super().__init__(self._read, range(GUESSERS))

    def _read(self, _: int) -> None:
        session = requests.Session()
        while not self.stopping.is_set():
            session.get(f"{self.service.url}/login/", timeout=60)


class Guessers(Background):
    """Logins without a pause, each with another name and a wrong password."""

    def __init__(self, service: Service, addresses: list[str]) -> None:
        self.service = service
        self.numbers = itertools.count()
        self.answers: Counter[int] = Counter()
        super().__init__(self._guess, addresses)

    def _guess(self, address: str) -> None:
        session = requests.Session()
        session.headers["X-Forwarded-For"] = address
        url = f"{self.service.url}{next(PATHS)}"
        session.get(url, timeout=60)
        while not self.stopping.is_set():
            form = {
                "username": f"name {next(self.numbers)}",
                "password": "guess",
                "csrfmiddlewaretoken": session.cookies["csrftoken"],
            }
            answer = session.post(url, form, timeout=60)
            is_told_when = answer.status_code == 200 or "Retry-After" in answer.headers
            self.answers[answer.status_code if is_told_when else 0] += 1


def seconds_of_pages(service: Service, seconds: float) -> list[float]:
    took, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        assert requests.get(f"{service.url}/", timeout=60).status_code == 200
        took.append(time.monotonic() - began)
        time.sleep(0.05)
    return took


@pytest.fixture
def beside_readers(service: Service) -> float:
    """Return a page's median in seconds beside readers of the login page."""
    with Readers(service):
        return median(seconds_of_pages(service, 3))


def test_logins_from_many_addresses_do_not_starve_pages(
    service: Service, beside_readers: float, whole_or: Callable
) -> None:
    addresses = [f"203.0.113.{n}" for n in range(GUESSERS)]
    with Guessers(service, addresses) as guessers:
        during = median(seconds_of_pages(service, whole_or(20, 5)))
    assert during < MOST_TIMES * beside_readers, f"{during:.3f} s beside {guessers.answers}"
    assert set(guessers.answers) <= {200, 429, 503}
    # Passwords are still checked, one after another.
    assert guessers.answers[200] > 0
    assert guessers.answers[503] > 0


def test_an_address_that_guesses_at_many_names_is_locked_out(
    service: Service, beside_readers: float
) -> None:
    # All from one network, such as that of one customer of a provider.
    addresses = [f"2001:db8::{n:x}" for n in range(GUESSERS)]
    with Guessers(service, addresses) as guessers:
        wait_until(lambda: guessers.answers[429], seconds=120, what="the lock")
        during = median(seconds_of_pages(service, 2))
    assert during < MOST_TIMES * beside_readers, f"{during:.3f} s beside {guessers.answers}"
    assert set(guessers.answers) <= {200, 429, 503}
    # As many as there are threads, in all processes, may pass before the last one is counted.
    threads = THREADS * int(service.environment["WEB_WORKERS"])
    assert ATTEMPTS_PER_ADDRESS <= guessers.answers[200] < ATTEMPTS_PER_ADDRESS + threads
