"""Ports on loopback: finds free ones, and keeps a server's port between starts."""

import random
import socket

from service_sources.state import ServiceError, say

# Below the range for outgoing connections, so that a port stays free while our server is stopped.
OURS = range(20000, 30000)
LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose_port(remembered: int | None, name: str) -> int:
    """Return the previous port, or another one if it is taken."""
    if remembered and is_free(remembered):
        return remembered
    chosen = next(filter(is_free, random.sample(OURS, 100)), None)
    if chosen is None:
        raise ServiceError(f"no free port for {name} on {LOOPBACK}")
    if remembered:
        say(f"port {remembered} is taken by something else; {name} moves to {chosen}")
    return chosen
