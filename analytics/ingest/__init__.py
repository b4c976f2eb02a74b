"""Storing batches of samples exactly once."""

from analytics.ingest.batch import decode_batch, to_samples
from analytics.ingest.limits import quotas
from analytics.ingest.times import time_window

__all__ = ["decode_batch", "quotas", "time_window", "to_samples"]
