"""Immutable releases: staged beside the others, published by one atomic rename."""
