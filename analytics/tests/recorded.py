"""Recordings of real pointers, if they are present beside the checkout."""

import os
from pathlib import Path

from django.conf import settings

RECORDINGS = Path(
    os.environ.get("POINTERSCOPE_RECORDINGS", settings.BASE_DIR.parent / "shared" / "data")
)
FILES = sorted(RECORDINGS.rglob("*.csv"))
ABSENT = f"no recordings in {RECORDINGS.name}/ beside the checkout"
