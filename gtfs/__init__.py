"""Timetables become GTFS feeds."""
