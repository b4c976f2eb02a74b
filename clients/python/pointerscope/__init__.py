"""Reads a Pointerscope service into pandas."""

from pointerscope.client import Client
from pointerscope.transport import PointerscopeError, RefusedError, UnreachableError

__all__ = ["Client", "PointerscopeError", "RefusedError", "UnreachableError"]
