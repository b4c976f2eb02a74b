"""Limits as if nobody had called yet."""

from core.storage.redis import client


def forget_all_calls() -> None:
    """Empty all counters: some are of an address, or of everybody, and so of all tests."""
    for key in client().scan_iter("pointerscope:limit:*"):
        client().delete(key)
