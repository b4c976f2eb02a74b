"""From samples to statuses: the outbox, its shards, the drain, and the checks that prove it."""

from analytics.rollups.backfill import rows_of
from analytics.rollups.hints import Hint, send_hints, send_last_hints
from analytics.rollups.shards import shard_of
from analytics.rollups.sweep import job_of

__all__ = ["Hint", "job_of", "rows_of", "send_hints", "send_last_hints", "shard_of"]
