"""What the calls of the REST API share: problems, renderers, throttles, exports, description."""
