"""What an announcement is about, in the feed that is published now.

A new version of a feed may give the id of one trip to another: the 07:00 that was cancelled would
turn into the 18:00. Ids are therefore only a first guess; what counts is what a passenger knows a
trip by (route, first and last stop, departure) and a route or stop by (its name). What is not found
without doubt is an orphan: people read it on our pages, journey planners are never told, and who
wrote it is warned. A planner that showed it at a route would call off ships that sail.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gtfs.feed.columns import clock
from gtfs.notices import notice
from gtfs.realtime.alert import ONCE, Alert

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gtfs.realtime.alert import CancelledTrip
    from gtfs.realtime.facts import Facts, Seen
    from pipeline.findings import Finding


@dataclass(frozen=True, slots=True)
class Resolved:
    """An announcement with the ids of the published feed.

    Attributes
    ----------
    alert
        With what was found; its text is unchanged.
    trips
        Cancelled runs that the feed does not have (any more).
    routes, stops
        Names (ids where no name was kept) of routes and stops that it does not have.
    """

    alert: Alert
    trips: tuple[CancelledTrip, ...] = ()
    routes: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()

    @property
    def orphans(self) -> int:
        """Return how many things it is about are not in the feed."""
        return len(self.trips) + len(self.routes) + len(self.stops)

    @property
    def told(self) -> Alert | None:
        """Return what journey planners are told; None if nothing is left it could be about."""
        alert = self.alert
        left = alert.trips or alert.routes or alert.stops
        # One that was about nothing particular is about the whole feed, and stays so.
        return alert if left or not self.orphans else None


def resolved(alert: Alert, facts: Facts) -> Resolved:
    """Find what an announcement is about in the published feed."""
    found = {trip: _run(trip, facts) for trip in alert.trips}
    routes = _named(alert.routes, alert.route_names, facts.routes if alert.routes else {})
    stops = _named(alert.stops, alert.stop_names, facts.stops if alert.stops else {})
    lost = tuple(trip for trip, run in found.items() if run is None)
    return Resolved(
        replace(
            alert,
            trips=tuple(run for run in found.values() if run is not None),
            routes=tuple(id_ for id_ in routes.values() if id_),
            stops=tuple(id_ for id_ in stops.values() if id_),
        ),
        lost,
        tuple(name for name, id_ in routes.items() if not id_),
        tuple(name for name, id_ in stops.items() if not id_),
    )


def orphan_finding(feed: str, lost: Resolved) -> Finding:
    """Say which announcement is about what the feed does not have, and the first such thing."""
    first = (
        f"{lost.trips[0].date} {clock(lost.trips[0].departure)[:5]} {lost.trips[0].origin}".strip()
        if lost.trips
        else (*lost.routes, *lost.stops)[0]
    )
    return notice(
        "alert-orphan", feature=str(lost.alert.id), field=feed, value=first, count=lost.orphans,
        header=lost.alert.header.ja,
    )  # fmt: skip


def _run(trip: CancelledTrip, facts: Facts) -> CancelledTrip | None:
    """Return the run as the feed has it now: under its id if that is still it, else where it is."""
    known = facts.trips
    if trip.trip_id in known and _same(trip, trip.trip_id, known[trip.trip_id], facts):
        return replace(trip, route_id=known[trip.trip_id].route_id)
    others = [key for key, seen in known.items() if _same(trip, key, seen, facts)]
    if len(others) != 1:
        return None
    return replace(trip, trip_id=others[0], route_id=known[others[0]].route_id)


def _same(trip: CancelledTrip, key: str, seen: Seen, facts: Facts) -> bool:
    """Tell whether a trip of the feed is the one that was cancelled, to a passenger."""
    if trip.start == ONCE:
        timed = key not in facts.starts and seen.departure == trip.departure
        # Announcements that kept no stops are held against the arrival instead.
        timed = timed and (bool(trip.destination_id) or seen.arrival == trip.arrival)
    else:
        timed = trip.start in facts.starts.get(key, ())
    return (
        timed
        and _agree(trip.route_id, trip.route, seen.route_id, facts.routes)
        and (not trip.origin_id or _agree(trip.origin_id, trip.origin, seen.origin_id, facts.stops))
        and (
            not trip.destination_id
            or _agree(trip.destination_id, trip.destination, seen.destination_id, facts.stops)
        )
        and facts.runs(seen.service_id, trip.date)
    )


def _agree(id_: str, name: str, other: str, names: Mapping[str, str]) -> bool:
    """Tell whether two things are one: of one name, or of one id where no name was kept."""
    return names.get(other, "") == name if name else id_ == other


def _named(
    wanted: tuple[str, ...], names: tuple[str, ...], known: Mapping[str, str]
) -> dict[str, str]:
    """Return the present id of each thing by its name, empty where it is not to be found."""
    found: dict[str, str] = {}
    for place, id_ in enumerate(wanted):
        name = names[place] if place < len(names) else ""
        if id_ in known and (not name or known[id_] == name):
            found[name if name and name not in found else id_] = id_
            continue
        others = [key for key, other in known.items() if name and other == name]
        found[name or id_] = others[0] if len(others) == 1 else ""
    return found
