"""Reads stored data: samples, exports, and the views for analysts."""

from analytics.reading.analyst_sessions import find_unguarded
from analytics.reading.events import Selection

__all__ = ["Selection", "find_unguarded"]
