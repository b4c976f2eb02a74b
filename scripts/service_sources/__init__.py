"""Where PostgreSQL with TimescaleDB and Redis come from when Pointerscope runs or is tested."""
