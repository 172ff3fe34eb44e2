"""Day types, calendars and the days a service runs."""
