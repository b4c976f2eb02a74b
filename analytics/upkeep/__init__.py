"""Keeps the database small: retention, compression and packing, and measures disk usage."""
