"""From a file to its table: encodings, delimiters, JSON, Parquet, wide layouts."""
