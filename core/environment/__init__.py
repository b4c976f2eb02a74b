"""The sources of settings, and the rules for their values."""
