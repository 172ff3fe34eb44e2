"""Rasters beside rio-pmtiles."""
