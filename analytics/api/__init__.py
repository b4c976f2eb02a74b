"""The REST API of samples and measures."""
