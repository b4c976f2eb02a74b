"""Values on the wire and in the settings: times and durations."""
