"""Each request has one answer, its own, and no body is ever executed as a request.

Over a thousand shapes of requests (tests/smuggling.py) go to web and to live, most of them through
the proxy, which sends many callers' requests over one connection. Meanwhile ordinary clients send
batches, which must get their own answers, and be stored if they are acknowledged.
"""

import re
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, zip_longest
from typing import NamedTuple

import pytest
import requests

from tests import smuggling
from tests.faults.background import Background
from tests.production import DOMAIN, Production
from tests.proxy import Proxy
from tests.raw_http import Answer, Connection
from tests.service import Service
from tests.smuggling import HIDDEN_ID, Expected, Make, Shape, Site

CONNECTIONS = 12
SECONDS = 10
LAST_SECONDS = 0.1
INSTANCES = 12
COUNTED = re.compile(r"^pointerscope_requests_total\{.*\} ([0-9.e+]+)$", re.MULTILINE)


class Place(NamedTuple):
    """A server, the way to it, and instances to send for: so many that none reaches its limit."""

    service: Service
    connect: Callable[[], socket.socket]
    sites: Sequence[Site]
    is_proxied: bool = False


@pytest.fixture(scope="module")
def web(service: Service) -> Place:
    sites = [_web_site(f"127.0.0.1:{service.port}", service) for _ in range(INSTANCES)]
    return Place(service, _connect_to(service.port), sites)


@pytest.fixture(scope="module")
def live(service: Service) -> Place:
    site = _live_site(f"127.0.0.1:{service.live_port}", service)
    return Place(service, _connect_to(service.live_port), [site])


@pytest.fixture(scope="module")
def proxied_web(proxy: Proxy, production: Production) -> Place:
    sites = [_web_site(DOMAIN, production) for _ in range(INSTANCES)]
    return Place(production, proxy.connect, sites, is_proxied=True)


@pytest.fixture(scope="module")
def proxied_live(proxy: Proxy, production: Production) -> Place:
    return Place(production, proxy.connect, [_live_site(DOMAIN, production)], is_proxied=True)


def _connect_to(port: int) -> Callable[[], socket.socket]:
    return partial(socket.create_connection, ("127.0.0.1", port), timeout=SECONDS)


def _web_site(host: str, service: Service) -> Site:
    me = service.log_on()
    path = f"/api/v1/browsers/{me['instance_id']}/events/"
    return Site(host, path, me["write_token"], "/healthz", 200, 202, 400, 411, 413)


def _live_site(host: str, service: Service) -> Site:
    me = service.log_on()
    path = f"/api/v1/browsers/{me['instance_id']}/stream/"
    return Site(host, path, me["write_token"], path, 401, 405, 405, 405, 405)


class Client:
    """An instance with ordinary requests, and the answers to its batches."""

    def __init__(self, site: Site, number: int) -> None:
        self.site = site
        self.numbers = iter(range(10_000_000 * (number + 1), 10_000_000 * (number + 2)))
        self.acknowledged: set[int] = set()
        self.faults: list[str] = []


class Clients(Background):
    """Several clients that send one batch after another, each on one connection, as a page does."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.clients = [Client(place.sites[n % len(place.sites)], n) for n in range(2)]
        super().__init__(self._send_all, self.clients)

    def _send_all(self, client: Client) -> None:
        while not self.stopping.is_set():
            with Connection(self.place.connect()) as connection:
                while not self.stopping.wait(0.05) and self._send(client, connection):
                    pass

    @staticmethod
    def _send(client: Client, connection: Connection) -> bool:
        """Send a batch; return whether the connection stays open."""
        number, before = next(client.numbers), len(connection.answers)
        own_id, body = f"client-{number}", client.site.batch(number)
        connection.send(client.site.head(own_id, f"Content-Length: {len(body)}") + body)
        got = connection.read(before + 1)[before:]
        if [(answer.status, answer.request_id) for answer in got] != [(client.site.stored, own_id)]:
            client.faults.append(f"{own_id}: {got}")
            return False
        if client.site.stored == 202:
            client.acknowledged.add(number)
        return not got[0].is_last


@pytest.mark.parametrize("name", ["web", "live", "proxied_web", "proxied_live"])
def test_each_request_has_one_answer_its_own(request: pytest.FixtureRequest, name: str) -> None:
    place = request.getfixturevalue(name)
    instances = count_instances(place)
    shapes = smuggling.shapes(few=place.is_proxied)
    with Clients(place) as beside:
        faults, _ = run(place, shapes)
    assert not faults, "\n".join([str(len(faults)), *faults[:20]])
    assert [fault for client in beside.clients for fault in client.faults] == []
    assert len(shapes) >= 150
    assert count_instances(place) == instances
    for client in beside.clients:
        assert client.acknowledged <= stored(place, client.site)


def test_each_answer_of_web_is_counted(web: Place) -> None:
    before = count_answers(web.service)
    faults, answered = run(web, smuggling.shapes(few=True))
    assert not faults, "\n".join([str(len(faults)), *faults[:20]])
    # The scrape itself was counted after the first one.
    assert count_answers(web.service) - before - 1 == answered


@pytest.mark.parametrize("name", ["web", "live"])
@pytest.mark.parametrize("lines", [(), ("Connection: Upgrade", "Upgrade: h2c")])
def test_a_request_may_be_cut_anywhere(
    request: pytest.FixtureRequest, name: str, lines: tuple[str, ...]
) -> None:
    faults, _ = run(request.getfixturevalue(name), smuggling.splits(*lines))
    assert not faults, "\n".join([str(len(faults)), *faults[:20]])


def run(place: Place, makers: Sequence[Make]) -> tuple[list[str], int]:
    """Send all shapes, some at a time; return the faults, and the number of answers."""
    first = next(_numbers)
    sent = [
        (site, make(site, f"shape-{number}", number))
        for number, make, site in zip(
            range(first, first + 10_000), makers, cycle(place.sites), strict=False
        )
    ]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(lambda each: send(place, *each), sent))
    have = {site: stored(place, site) for site in place.sites}
    faults = [
        f"{shape.name}: {fault} {[(a.status, a.request_id) for a in got]}"
        for (site, shape), got in zip(sent, answers, strict=True)
        for fault in faults_of(site, shape, got, have[site], is_proxied=place.is_proxied)
    ]
    return faults, sum(map(len, answers))


# Of batches, no two of which are the same in a run of the tests.
_numbers = iter(range(10_000, 1_000_000, 10_000))


def send(place: Place, site: Site, shape: Shape) -> list[Answer]:
    """Send a shape, and then another request if the connection stays open."""
    with Connection(place.connect()) as connection:
        connection.send(*shape.packets, end=shape.is_part)
        answers = connection.read(len(shape.answers))
        if answers and not answers[-1].is_last and not shape.is_part:
            connection.send(site.next(_next(shape).request_id))
            return connection.read(10)
        # The server may wait for us to close.
        connection.socket.settimeout(LAST_SECONDS)
        return connection.read(10)


def faults_of(
    site: Site, shape: Shape, got: list[Answer], have: set[int], *, is_proxied: bool
) -> Iterator[str]:
    """Yield the faults of the answers to a shape, and of the rows it stored."""
    expected = [*shape.answers, _next(shape)._replace(statuses={site.next_status})]
    for wanted, answer in zip_longest(expected, got):
        if answer and HIDDEN_ID in answer.headers:
            yield "runs what is in a body"
        elif answer and not wanted:
            yield "has more answers than requests"
        elif answer:
            yield from _faults(site, wanted, answer, is_proxied=is_proxied)
        if wanted and wanted.number is not None:
            is_acknowledged = bool(answer and answer.status == 202)
            if is_acknowledged != (wanted.number in have):
                yield "acknowledges what it does not store, or the other way round"
    if len(got) < len(expected) and not (got and got[-1].is_last) and not shape.is_part:
        missing = expected[len(got)]
        # A malformed request may end the connection without an answer, and HTTP/1.0 always ends it.
        may_end = missing.statuses == {400} or b" HTTP/1.0\r\n" in shape.packets[0]
        if not (got and may_end):
            yield f"has no answer to {missing.request_id}"


def _faults(site: Site, wanted: Expected, answer: Answer, *, is_proxied: bool) -> Iterator[str]:
    # An unread request has no id, and neither has one that the proxy refuses.
    is_refusal = answer.status in (400, 431) and answer.is_last
    is_refusal |= is_proxied and answer.status in (400, 431, 501, 502, 505)
    if answer.request_id != wanted.request_id and not is_refusal:
        yield f"answers {answer.request_id} instead of {wanted.request_id}"
    is_right = answer.status in wanted.statuses
    # A proxy corrects some faults and refuses others.
    if not is_right and not (is_proxied and wanted.statuses != {site.stored}):
        yield f"answers {answer.status} instead of {wanted.statuses}"


def _next(shape: Shape) -> Expected:
    return Expected(f"{shape.answers[0].request_id}-next", set())


def stored(place: Place, site: Site) -> set[int]:
    """Return the numbers of the stored batches of a site's instance."""
    rows = place.service.sql(
        "select seq from analytics_pointerpositionevent e join dashboard_browser b"
        " on b.id = e.browser_id where b.instance_id = %s",
        (site.path.split("/")[4],),
    )
    return {number for (number,) in rows}


def count_instances(place: Place) -> int:
    ((count,),) = place.service.sql("select count(*) from dashboard_browser")
    return count


def count_answers(service: Service) -> int:
    text = requests.get(f"{service.url}/metrics", timeout=10).text
    return round(sum(map(float, COUNTED.findall(text))))
