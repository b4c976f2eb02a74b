"""From samples to statuses: the outbox, its shards, the drain, and the checks of the results."""

from analytics.rollups.hints import Hint, send_hints, send_last_hints
from analytics.rollups.large_buckets import LargeBuckets, read_large_buckets
from analytics.rollups.levels import rows_of
from analytics.rollups.rungs import store_ladder_after_migrate
from analytics.rollups.shards import RETENTION, lock_job, shard_of
from analytics.rollups.sweep import job_of

__all__ = [
    "RETENTION",
    "Hint",
    "LargeBuckets",
    "job_of",
    "lock_job",
    "read_large_buckets",
    "rows_of",
    "send_hints",
    "send_last_hints",
    "shard_of",
    "store_ladder_after_migrate",
]
