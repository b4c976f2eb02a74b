"""Measurements as ratios; `scripts/services run -- python -m benchmarks.drain` runs one."""

import os

import django

# Here, because what a benchmark imports needs it: models load only after it.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
django.setup()
