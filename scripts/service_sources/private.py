"""Sources 3 and 4: private servers, whose data is in the state folder."""

import secrets
import subprocess
import time
from urllib.parse import urlsplit

from service_sources.place import Place
from service_sources.ports import LOOPBACK, choose_port
from service_sources.postgres import Postgres
from service_sources.redis import Redis
from service_sources.state import (
    DATABASE,
    OWNER,
    REDIS,
    ServiceError,
    State,
    open_private,
    say,
)

Server = Postgres | Redis
KINDS: dict[str, tuple[str, type[Postgres] | type[Redis]]] = {
    DATABASE: ("postgres", Postgres),
    REDIS: ("redis", Redis),
}
# The service's password, and the cluster owner's.
PASSWORDS = ("password", "owner_password")
HERE = (LOOPBACK, "localhost")
START_SECONDS = 30
STOP_SECONDS = 30


def start(state: State, place: Place, wanted: list[str]) -> tuple[dict[str, str], bool]:
    """Return the addresses of the wanted servers, and whether any of them was running."""
    urls, found = {}, False
    for setting in wanted:
        server = known_server(state, place, setting)
        if server and server.answers():
            found = True
        else:
            server = _fresh_server(state, place, setting)
            _start(state, server)
        server.settle()
        say(f"{server.version()} {place.said}, {LOOPBACK}:{server.port}")
        urls[setting] = server.url
        if isinstance(server, Postgres):
            urls[OWNER] = server.owner_url
    return urls, found


def known_server(state: State, place: Place, setting: str) -> Server | None:
    """Return the remembered server, running or not."""
    facts = state.memory.get(KINDS[setting][0])
    return _server(state, place, setting, facts["port"]) if facts else None


def is_ours(state: State, setting: str, url: str) -> bool:
    """Whether a given address is that of the server that we remember, in whichever database."""
    address, known = urlsplit(url), state.memory.get(KINDS[setting][0], {})
    return address.hostname in HERE and address.port == known.get("port")


def _fresh_server(state: State, place: Place, setting: str) -> Server:
    """Return the server on a port that is free now; passwords are created the first time."""
    name, kind = KINDS[setting]
    old = known_server(state, place, setting)
    if old is not None and isinstance(old, Postgres) and old.pid():
        stop_server(old)
    port = choose_port(state.memory.get(name, {}).get("port"), kind.title)
    return _server(state, place, setting, port)


def _server(state: State, place: Place, setting: str, port: int) -> Server:
    name, kind = KINDS[setting]
    known = state.memory.get(name, {})
    wanted = PASSWORDS if kind is Postgres else PASSWORDS[:1]
    passwords = {word: known.get(word) or secrets.token_urlsafe(24) for word in wanted}
    facts = {"port": port, **passwords}
    if facts != known:
        state.remember(**{name: facts})
    return kind(place, state.path(name), port, *passwords.values())


def _start(state: State, server: Server) -> None:
    """Start it and wait until it answers, with retries while a killed server's rest delays that."""
    server.prepare()
    log = state.path(f"{server.title.lower()}.log")
    deadline = time.monotonic() + START_SECONDS
    process = _spawn(server.command(), log)
    while time.monotonic() < deadline:
        if process.poll() is not None:
            process = _spawn(server.command(), log)
        time.sleep(0.1)
        if process.poll() is None and server.answers():
            return
    process.terminate()
    raise ServiceError(f"{server.title} did not start {server.place.said}; its log is {log}")


def _spawn(command: list[str], log) -> subprocess.Popen:
    """Start a server in its own session, so that a Ctrl-C in the terminal does not reach it."""
    with open_private(log, "a") as notes:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=notes,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop_server(server: Server) -> bool:
    """Stop it and wait until it has ended; return whether it was running."""
    if not server.stop():
        return False
    deadline = time.monotonic() + STOP_SECONDS
    while not server.is_gone():
        if time.monotonic() > deadline:
            raise ServiceError(f"{server.title} did not stop in {STOP_SECONDS} s")
        time.sleep(0.05)
    return True
