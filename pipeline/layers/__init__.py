"""Building one layer: read, standardise, check, protect, join, write."""

from pipeline.layers.job import LayerJob

__all__ = ["LayerJob"]
