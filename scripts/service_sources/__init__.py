"""The sources of PostgreSQL with TimescaleDB, and of Redis, for runs and tests."""
