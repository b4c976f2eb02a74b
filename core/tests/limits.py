"""Resets the limits for a test."""

from core.storage.redis import client


def forget_all_calls() -> None:
    """Empty all counters: those of an address and of the whole service are shared by all tests."""
    for key in client().scan_iter("pointerscope:limit:*"):
        client().delete(key)
