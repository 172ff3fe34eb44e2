"""Existing feeds as a source: brought up to date, completed, joined, published again."""

from gtfs.republish.modernise import modernise
from gtfs.republish.succession import served, succession
from gtfs.republish.together import together

__all__ = ["modernise", "served", "succession", "together"]
