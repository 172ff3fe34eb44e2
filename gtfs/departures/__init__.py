"""What departs next from a stop, in milliseconds, for feeds of any size.

:mod:`gtfs.departures.index` turns a feed into arrays once, :mod:`gtfs.departures.search` answers
from them, :class:`gtfs.departures.timetables.Timetables` keeps the arrays of
the feeds being served.
"""

from gtfs.departures.index import Index, build_index
from gtfs.departures.search import Departure, Upcoming, upcoming
from gtfs.departures.stops import Stop
from gtfs.departures.timetables import Timetables

__all__ = ["Departure", "Index", "Stop", "Timetables", "Upcoming", "build_index", "upcoming"]
