"""The REST API of browser instances and statuses."""
