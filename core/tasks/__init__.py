"""Celery's processes: Beat, its schedule, and the worker's consumer."""
