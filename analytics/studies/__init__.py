"""Measures of movement for research."""
