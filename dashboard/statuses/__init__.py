"""Time-bucketed statuses: the ladder of intervals, series, presence and the overview."""
