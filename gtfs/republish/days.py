"""The days of a feed's services written anew, and what goes with services that have none left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from gtfs.days.calendar import WEEKDAYS, calendar_tables
from gtfs.feed.ids import references, values

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from gtfs.feed.tables import Feed


def keep_days(feed: Feed, dates: Mapping[str, frozenset[dt.date]]) -> pd.Series:
    """Write the days of services into both calendar files; trips that never run go.

    A service without a day stays, without any, where something else than trips names it: a
    timeframe of fares, a booking rule. What named the trips is left to
    :func:`gtfs.republish.unused.settle`.

    Returns
    -------
    Series
        The trips that are gone, by their service.
    """
    alive = {service: days for service, days in dates.items() if days}
    trips = feed.table("trips", "trip_id", "service_id")
    dead = ~trips.service_id.isin(alive)
    idle = _idle(feed, set(dates) - set(alive))
    calendar, feed["calendar_dates"] = calendar_tables(alive)
    feed["calendar"] = pd.concat([f for f in (calendar, idle) if len(f)]) if len(idle) else calendar
    feed["trips"] = trips[~dead]
    return trips.service_id[dead]


def _idle(feed: Feed, without: set[str]) -> pd.DataFrame:
    named: set[str] = set()
    for reference in references():
        if reference.kind == "service" and reference.keeps and reference.table != "trips":
            named |= values(feed, reference.table, reference.column)
    calendar = feed.table("calendar", "service_id", "start_date", "end_date")
    exceptions = feed.table("calendar_dates", "service_id", "date")
    rows = []
    for service in sorted(named & without):
        own = calendar[calendar.service_id == service]
        days = exceptions.date[exceptions.service_id == service]
        first = own.start_date.iloc[0] if len(own) else days.min()
        last = own.end_date.iloc[0] if len(own) else days.max()
        flags = dict.fromkeys(WEEKDAYS, 0)
        rows.append({"service_id": service, **flags, "start_date": first, "end_date": last})
    return pd.DataFrame(rows)
