"""From samples to statuses: the outbox, its shards, the drain, and the checks of the results."""

from analytics.rollups.heat_marks import HEAT, SCENES
from analytics.rollups.hints import Hint, send_hints, send_last_hints
from analytics.rollups.large_buckets import LargeBuckets, read_large_buckets
from analytics.rollups.levels import rows_of
from analytics.rollups.rungs import store_ladder_after_migrate
from analytics.rollups.shards import (
    PAGES,
    RETENTION,
    TRIAL_JOB,
    counting,
    lock_job,
    lock_shard,
    shard_of,
)
from analytics.rollups.sweep import job_of
from analytics.rollups.trial_marks import TRIAL_MARKS, TRIAL_SAMPLES, TRIAL_SCENES, TRIALS

__all__ = [
    "HEAT",
    "PAGES",
    "RETENTION",
    "SCENES",
    "TRIALS",
    "TRIAL_JOB",
    "TRIAL_MARKS",
    "TRIAL_SAMPLES",
    "TRIAL_SCENES",
    "Hint",
    "LargeBuckets",
    "counting",
    "job_of",
    "lock_job",
    "lock_shard",
    "read_large_buckets",
    "rows_of",
    "send_hints",
    "send_last_hints",
    "shard_of",
    "store_ladder_after_migrate",
]
