"""Reading timetables as cities keep them: workbooks into trips, each time with its cell."""
