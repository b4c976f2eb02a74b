"""Source 2: the services of compose.yml, if a Docker engine answers."""

import shutil
import subprocess
from collections.abc import Mapping
from urllib.parse import urlsplit

from service_sources.ports import is_free
from service_sources.state import CHECKOUT, DATABASE, REDIS, ServiceError, State, open_private, say

PROJECT = "fs_starter"
COMPOSE = ["docker", "compose", "--project-name", PROJECT, "--file", str(CHECKOUT / "compose.yml")]
NAMES = {DATABASE: "timescaledb", REDIS: "redis"}
URLS = {
    DATABASE: "postgres://pointerscope@127.0.0.1:5432/pointerscope",
    REDIS: "redis://127.0.0.1:6379/0",
}


def engine_answers() -> bool:
    """Return whether an engine answers `docker info`; a client alone is not enough."""
    if not shutil.which("docker"):
        return False
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        asked = subprocess.run(["docker", "info"], timeout=5, check=False, **quiet)
        has_compose = subprocess.run(["docker", "compose", "version"], check=False, **quiet)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0 and has_compose.returncode == 0


def start(state: State, wanted: list[str]) -> tuple[dict[str, str], bool]:
    """Return the addresses of the wanted services, and whether any of them was running."""
    found = bool(running())
    log = state.path("docker.log")
    names = [NAMES[setting] for setting in wanted]
    say("starting the services of compose.yml (the first time Docker fetches their images)")
    with open_private(log, "w") as notes:
        up = [*COMPOSE, "up", "--detach", "--wait", *names]
        done = subprocess.run(up, stdout=notes, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        raise ServiceError(f"docker compose could not start the services; its output is in {log}")
    if not found:
        state.remember(compose=True)
    for setting in wanted:
        say(f"{NAMES[setting]} in Docker (project {PROJECT}), {URLS[setting].split('@')[-1]}")
    return {setting: URLS[setting] for setting in wanted}, found


def is_ours(setting: str, url: str) -> bool:
    """Whether a given address is where a container of ours would listen, and nobody does."""
    address, own = urlsplit(url), urlsplit(URLS[setting])
    same = (address.hostname, address.port) == (own.hostname, own.port)
    return same and is_free(own.port or 0)


def running() -> list[str]:
    """Return the names of our running services."""
    asked = subprocess.run(
        [*COMPOSE, "ps", "--services", "--filter", "status=running"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.split()


def stop(state: State) -> list[str]:
    """Stop the project if we started it; the volumes keep the data."""
    names = running() if state.memory.get("compose") else []
    if names:
        subprocess.run([*COMPOSE, "stop"], capture_output=True, check=False)
    state.remember(compose=False)
    return [f"{name} in Docker" for name in names]


def throwaway(name: str, port: int, folder: str) -> list[str]:
    """Return the command for a container of our image in the foreground, which SIGTERM ends."""
    inner, data, words = {
        "postgres": (5432, "/var/lib/postgresql/data", []),
        "redis": (6379, "/data", ["redis-server", "--appendonly", "no", "--save", ""]),
    }[name]
    service = "timescaledb" if name == "postgres" else name
    where = ["--publish", f"127.0.0.1:{port}:{inner}", "--volume", f"{folder}:{data}"]
    return [*COMPOSE, "run", "--rm", "--no-deps", *where, service, *words]


def inside(name: str, words: list[str], env: Mapping[str, str]) -> list[str]:
    """Return the command that runs a program in a running container with our input and output."""
    given = [word for variable in env for word in ("--env", variable)]
    return [*COMPOSE, "exec", "-T", *given, name, *words]
