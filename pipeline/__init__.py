"""Batch ETL: sources declared in ``layers.yaml`` become one immutable release."""
