"""From a table's cells to samples: numbers, times, units, positions, pointers and trials."""
