"""Native readers of foreign files in processes of their own, with bounds of memory and time."""

from pipeline.confined.worker import Limits, Stopped, confined

__all__ = ["Limits", "Stopped", "confined"]
