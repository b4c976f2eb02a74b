"""Measurements as ratios; `scripts/services run -- python -m benchmarks.drain` runs one."""

import os

import django

# Set up here, because the imports of a benchmark load models.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()
