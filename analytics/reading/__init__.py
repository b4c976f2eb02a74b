"""Reads stored data: samples, scenes, marks, exports, and the views for analysts."""

from analytics.reading.analyst_sessions import find_unguarded
from analytics.reading.ranges import Selection

__all__ = ["Selection", "find_unguarded"]
