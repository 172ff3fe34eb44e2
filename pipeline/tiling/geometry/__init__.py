"""Geometry in tile coordinates: reading, clipping, simplifying, keeping valid."""
