"""Feeds: reading, writing, building and checking beside the tools others use."""
