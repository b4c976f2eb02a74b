"""Browser instances: log on, tokens, permissions, limits, and the people who log in."""
