"""Timetables of a feed as pages a passenger can read, print and hear read aloud."""

from gtfs.pages.render import timetable_pages
from gtfs.pages.sheets import DaySheet, DirectionSheet, RouteSheet, route_sheets

__all__ = ["DaySheet", "DirectionSheet", "RouteSheet", "route_sheets", "timetable_pages"]
