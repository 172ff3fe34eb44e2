"""Licences of data that is published together: what comes of it, who must be named."""

from pipeline.licences.combine import Combined, Credit, combine, known

__all__ = ["Combined", "Credit", "combine", "known"]
