"""Which column of a table is the time, x, y, the pointer or the trial."""
