"""Ports on loopback: which are free, and one that stays the same from start to start."""

import random
import socket

from service_sources.state import ServiceError, say

# Below what systems hand out for outgoing connections, so that a port stays free while we are off.
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
    """The port of last time, or another one where somebody else has it now."""
    if remembered and is_free(remembered):
        return remembered
    chosen = next(filter(is_free, random.sample(OURS, 100)), None)
    if chosen is None:
        raise ServiceError(f"no free port for {name} on {LOOPBACK}")
    if remembered:
        say(f"port {remembered} is taken by something else; {name} moves to {chosen}")
    return chosen
