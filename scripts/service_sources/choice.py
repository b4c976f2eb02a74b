"""Chooses the source of the services, and shares them between commands."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from service_sources import docker, private
from service_sources.debian_root import built_root, can_have_root, root_place
from service_sources.given import given_urls, owner_url, say_given
from service_sources.host import host_place
from service_sources.place import Place
from service_sources.runs import living
from service_sources.state import (
    BOTH,
    CHECKOUT,
    DATABASE,
    OWNER,
    ServiceError,
    State,
    Users,
    agreed,
    say,
    write_private,
)

CHOICES = """no PostgreSQL with TimescaleDB and no Redis found here. Choose one:
  - set DATABASE_URL and REDIS_URL, in the environment or in .env, to servers that you have;
  - start Docker (with its compose plugin), and they run in containers;
  - install PostgreSQL, TimescaleDB and redis-server on this host;
  - on Debian or Ubuntu, run this as root once (or install mmdebstrap and uidmap),
    and they run in a private folder."""


def local_place(state: State) -> Place | None:
    """Return server programs to run: the host's, or else those of the cached Debian root."""
    return host_place() or (built_root(state) if can_have_root() else None)


def start(state: State) -> tuple[dict[str, str], bool]:
    """Start every service from the first source that has it; return URLs, and whether any ran.

    A given address may name another database on our own server, as after a restore. Then that
    server is started, and the address stays.
    """
    given = given_urls()
    ours = [name for name, url in given.items() if _is_ours(state, name, url)]
    say_given({name: url for name, url in given.items() if name not in ours})
    wanted = [name for name in BOTH if name not in given or name in ours]
    started, found = _start_ours(state, wanted) if wanted else ({}, False)
    _check_ports({name: given[name] for name in ours}, started)
    urls = started | given
    if owner := owner_url() or urls.get(OWNER):
        urls[OWNER] = urlsplit(owner)._replace(path=urlsplit(urls[DATABASE]).path).geturl()
    write_private(state.path("services.env"), lines(urls))
    return urls, found


def _is_ours(state: State, name: str, url: str) -> bool:
    return private.is_ours(state, name, url) or (
        docker.is_ours(name, url) and docker.engine_answers()
    )


def _check_ports(given: dict[str, str], started: dict[str, str]) -> None:
    for name, url in given.items():
        port = urlsplit(started[name]).port
        if urlsplit(url).port != port:
            raise ServiceError(f"{name} names another port than {port}, where its server is now")


def _start_ours(state: State, wanted: list[str]) -> tuple[dict[str, str], bool]:
    # A given address of our own server needs that server, not one in Docker.
    is_private = any(private.is_ours(state, name, url) for name, url in given_urls().items())
    if docker.engine_answers() and not is_private:
        return docker.start(state, wanted)
    place = local_place(state)
    if place is None:
        raise ServiceError(CHOICES)
    return private.start(state, place, wanted)


def lines(urls: dict[str, str]) -> str:
    return "".join(f"{name}={urls[name]}\n" for name in BOTH)


def up(state: State) -> dict[str, str]:
    """Start the missing servers; they run until `down`, even if other commands use them and end."""
    with state.changing():
        urls, _ = start(state)
        state.remember(kept=True)
        return urls


@contextmanager
def held(state: State) -> Iterator[dict[str, str]]:
    """Provide the services within this block; the last user to leave stops them."""
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


def down(state: State, *, yes: bool) -> None:
    """Stop what we started; while it is in use, only after confirmation."""
    if state.in_use and not agreed(f"{_users()}. Stop them anyway?", yes=yes):
        raise ServiceError(
            f"{_users()}; end that first, by Ctrl-C in its terminal (--yes stops them anyway)"
        )
    with state.changing():
        stopped = stop(state)
        state.remember(kept=False)
    if not stopped:
        say("no service of ours was running")


def _users() -> str:
    runs = ", ".join(living()) or "a test or a backup"
    return f"PostgreSQL and Redis are in use by {runs}"


def delete_data(*, yes: bool) -> None:
    """Delete the checkout's private servers with their data, after confirmation."""
    folder = CHECKOUT / "var"
    if not folder.exists():
        say("there is no data")
        return
    places = [place for place in (folder, folder / "demo") if place.exists()]
    states = [State(place) for place in places]
    if living() or any(state.in_use for state in states):
        raise ServiceError(f"{_users()}; end that first, by Ctrl-C in its terminal")
    what = f"{folder} ({_megabytes(folder):,.0f} MB): databases, passwords, the signing key, logs"
    if not agreed(f"Delete {what}?", yes=yes):
        raise ServiceError(f"kept {what} (--yes deletes it)")
    for state in states:
        down(state, yes=False)
    shutil.rmtree(folder)


def _megabytes(folder: Path) -> float:
    sizes = 0
    for file in folder.rglob("*"):
        # A running server may delete files meanwhile.
        with suppress(FileNotFoundError):
            sizes += file.lstat().st_size
    return sizes / 1e6


def stop(state: State) -> list[str]:
    """Stop only what we started."""
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
    """Print one line per service with its state and address."""
    for name, url in given_urls().items():
        print(f"{name} is given: {url.split('@')[-1]}")
    for server in _known_servers(state):
        where = f"{server.place.said}, 127.0.0.1:{server.port}"
        print(f"{server.version()} {where}" if server.answers() else f"{server.title}: stopped")
    for name in docker.running() if state.memory.get("compose") else []:
        print(f"{name}: running in Docker")
