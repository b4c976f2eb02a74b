"""Sending recordings through the REST API, as a tracker would."""
