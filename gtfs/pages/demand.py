"""Demand-responsive service on a timetable page: when, where, and how to book."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gtfs.days.calendar import day_classes, effective_dates
from gtfs.diff.days import day_words
from gtfs.diff.match import flexible_places
from gtfs.diff.timetable import Schedule

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from gtfs.diff.change import Words
    from gtfs.diff.timetable import Group, Timetable
    from gtfs.feed.tables import Feed


@dataclass(frozen=True, slots=True)
class Booking:
    """How to book, as the operator writes it; empty parts are unknown."""

    message: str
    phone: str
    page: str


@dataclass(frozen=True, slots=True)
class DemandSheet:
    """Trips that run when booked.

    Attributes
    ----------
    days
        In words.
    start, end
        The window in seconds of the service day, -1 where there is none.
    areas
        Zones and groups of stops served, in order.
    bookings
        The rules of booking, each once.
    """

    days: Words
    start: int
    end: int
    areas: tuple[Words, ...]
    bookings: tuple[Booking, ...]


def without_demand(feed: Feed, plan: Schedule) -> tuple[Schedule, dict[str, list[DemandSheet]]]:
    """Take demand-responsive trips out of a schedule and return them by route."""
    known = {place.id: place.name for place in flexible_places(feed)}
    if not known:
        return plan, {}
    fixed: dict[Group, dict[str, Timetable]] = defaultdict(dict)
    for group, services in plan.trips.items():
        for service, table in services.items():
            kept = Counter({t: n for t, n in table.items() if not any(c[0] in known for c in t)})
            if kept:
                fixed[group][service] = kept
    return Schedule(fixed, plan.running), _sheets(feed, known)


def _sheets(feed: Feed, known: Mapping[str, Words]) -> dict[str, list[DemandSheet]]:
    dates = effective_dates(feed)
    every = sorted({day for days in dates.values() for day in days})
    among = day_classes(_span(every))
    columns = ["trip_id", "route_id", "service_id"]
    trips = feed.table("trips", *columns)[columns]
    calls = _flexible_calls(feed)
    found: dict[str, list[DemandSheet]] = defaultdict(list)
    for trip, route, service in trips[["trip_id", "route_id", "service_id"]].itertuples(
        index=False
    ):
        own, days = calls.get(trip), sorted(dates.get(service, ()))
        if own and days:
            areas = tuple(dict.fromkeys(known[place] for place, _, _, _ in own if place in known))
            rules = tuple(dict.fromkeys(rule for *_, rule in own if any(_parts(rule))))
            sheet = DemandSheet(day_words(days, among), own[0][1], own[0][2], areas, rules)
            if sheet not in found[route]:
                found[route].append(sheet)
    return found


def _parts(rule: Booking) -> tuple[str, str, str]:
    return rule.message, rule.phone, rule.page


def _span(days: list[dt.date]) -> list[dt.date]:
    if not days:
        return []
    first, last = days[0].toordinal(), days[-1].toordinal()
    return [days[0].fromordinal(number) for number in range(first, last + 1)]


def _flexible_calls(feed: Feed) -> dict[str, list[tuple[str, int, int, Booking]]]:
    """Return zone or group, window and booking of every demand-responsive call by trip."""
    columns = (
        "trip_id",
        "stop_sequence",
        "location_group_id",
        "location_id",
        "start_pickup_drop_off_window",
        "end_pickup_drop_off_window",
        "pickup_booking_rule_id",
    )
    rules = _bookings(feed)
    unknown = Booking("", "", "")
    rows = feed.table("stop_times", *columns).sort_values(["trip_id", "stop_sequence"])
    rows = rows[(rows.location_group_id != "") | (rows.location_id != "")]
    found: dict[str, list[tuple[str, int, int, Booking]]] = defaultdict(list)
    for row in rows.fillna({columns[4]: -1, columns[5]: -1}).to_dict("records"):
        place = row["location_group_id"] or row["location_id"]
        rule = rules.get(row["pickup_booking_rule_id"], unknown)
        found[row["trip_id"]].append((place, int(row[columns[4]]), int(row[columns[5]]), rule))
    return found


def _bookings(feed: Feed) -> dict[str, Booking]:
    names = ("booking_rule_id", "message", "phone_number", "info_url", "booking_url")
    return {
        row["booking_rule_id"]: Booking(
            row["message"], row["phone_number"], row["booking_url"] or row["info_url"]
        )
        for row in feed.table("booking_rules", *names).to_dict("records")
    }
