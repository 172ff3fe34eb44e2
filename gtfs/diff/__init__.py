"""The difference of two feeds in words a planner checks.

Days, stops and times are compared, never ids of services or trips: the same service may be coded
as weekday flags by one producer and as forty-four listed dates by another.
"""

from gtfs.diff.change import Change, Difference
from gtfs.diff.compare import difference

__all__ = ["Change", "Difference", "difference"]
