"""Shared by the calls of the REST API: problems, renderers, throttles, exports, description."""
