"""Measurements: us beside named peers, as ratios of the same run."""
