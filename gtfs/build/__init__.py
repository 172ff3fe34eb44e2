"""Putting a feed together: declaration and timetables become tables."""
