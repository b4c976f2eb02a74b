"""Samples: ingest, the roll-up to statuses, exports, measures, upkeep and health."""
