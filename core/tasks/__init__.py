"""Celery's processes: Beat, its schedule, the worker's consumer, and how a worker stops."""
