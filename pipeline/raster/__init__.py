"""Rasters: scanned maps, photographs, classes and heights, from files to tiles."""
