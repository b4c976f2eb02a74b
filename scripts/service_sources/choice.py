"""Which source the services come from, and sharing them between commands."""

from collections.abc import Iterator
from contextlib import contextmanager

from service_sources import docker, private
from service_sources.debian_root import built_root, can_have_root, root_place
from service_sources.given import given_urls, owner_url, say_given
from service_sources.host import host_place
from service_sources.place import Place
from service_sources.state import BOTH, OWNER, ServiceError, State, Users, say, write_private

CHOICES = """no PostgreSQL with TimescaleDB and no Redis to be had here. Choose one:
  - set DATABASE_URL and REDIS_URL, in the environment or in .env, to servers that you have;
  - start Docker (with its compose plugin), and they run in containers;
  - install PostgreSQL, TimescaleDB and redis-server on this host;
  - on Debian or Ubuntu, run this as root once (or install mmdebstrap and uidmap),
    and they run in a private folder."""


def local_place(state: State) -> Place | None:
    """Server programs to run ourselves: the host's, or else those of the cached Debian root."""
    return host_place() or (built_root(state) if can_have_root() else None)


def start(state: State) -> tuple[dict[str, str], bool]:
    """Take every service from the first source that has it; also say whether any was running."""
    urls = given_urls()
    say_given(urls)
    if owner := owner_url():
        urls[OWNER] = owner
    wanted = [name for name in BOTH if name not in urls]
    found = False
    if wanted:
        more, found = _start_ours(state, wanted)
        urls |= more
    write_private(state.path("services.env"), lines(urls))
    return urls, found


def _start_ours(state: State, wanted: list[str]) -> tuple[dict[str, str], bool]:
    if docker.engine_answers():
        return docker.start(state, wanted)
    place = local_place(state)
    if place is None:
        raise ServiceError(CHOICES)
    return private.start(state, place, wanted)


def lines(urls: dict[str, str]) -> str:
    return "".join(f"{name}={urls[name]}\n" for name in BOTH)


def up(state: State) -> dict[str, str]:
    """Start what is missing; it stays until `down`, whoever uses it meanwhile."""
    with state.changing():
        urls, _ = start(state)
        state.remember(kept=True)
        return urls


@contextmanager
def held(state: State) -> Iterator[dict[str, str]]:
    """The services for as long as this block lasts; the last one to leave stops them."""
    with state.changing():
        users = Users(state)
    try:
        with state.changing():
            urls, found = start(state)
            state.remember(kept=found and state.memory.get("kept", False))
        yield urls
    finally:
        with state.changing():
            if users.leave() and not state.memory.get("kept"):
                stop(state)


def down(state: State) -> None:
    with state.changing():
        stopped = stop(state)
        state.remember(kept=False)
    if not stopped:
        say("nothing of ours was running")


def stop(state: State) -> list[str]:
    """Stop what we started, and nothing else."""
    stopped = docker.stop(state) if state.memory.get("compose") else []
    for server in _known_servers(state):
        if private.stop_server(server):
            stopped.append(f"{server.title} {server.place.said}, 127.0.0.1:{server.port}")
    for name in stopped:
        say(f"stopped {name}")
    return stopped


def _known_servers(state: State) -> list[private.Server]:
    place = host_place() or root_place()
    servers = (private.known_server(state, place, name) for name in BOTH)
    return [server for server in servers if server]


def status(state: State) -> None:
    """What runs where; one line each."""
    for name, url in given_urls().items():
        print(f"{name} is given: {url.split('@')[-1]}")
    for server in _known_servers(state):
        where = f"{server.place.said}, 127.0.0.1:{server.port}"
        print(f"{server.version()} {where}" if server.answers() else f"{server.title}: stopped")
    for name in docker.running() if state.memory.get("compose") else []:
        print(f"{name}: running in Docker")
