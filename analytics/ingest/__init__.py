"""Storing batches of samples exactly once."""

from analytics.ingest.batch import decode_batch, time_window, to_samples
from analytics.ingest.limits import quotas

__all__ = ["decode_batch", "quotas", "time_window", "to_samples"]
