"""Addresses about a feed for passengers: the feed itself, its stops, what departs next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response, jsonify, request

from tiles_server import departures as shown
from tiles_server.caching import REALTIME
from tiles_server.errors import UnknownNameError, handed_over
from tiles_server.parameters import page_number
from tiles_server.routes.pages import page
from tiles_server.security import open_to_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiles_server.interfaces import Stop, Timetables, Transit
    from tiles_server.releases import Release, Releases

PER_LINE = 5
"""Departures shown of each route and headsign."""


def blueprint(releases: Releases, transit: Transit | None) -> Blueprint:
    """Return the blueprint over `releases`."""
    feeds = Blueprint("feeds", __name__)
    lookup = _FeedLookup(releases, transit)

    @feeds.get("/gtfs/<feed>/")
    def feed_page(feed: str) -> Response:
        release = releases.current()
        found = release.feed(feed)
        return page("feed.html", release, name=feed, feed=found)

    @feeds.get("/gtfs/<feed>/stops")
    def stops(feed: str) -> Response:
        release, known = lookup.stops(feed)
        words = request.args.get("q", "")[:100]
        number = page_number(request.args.get("page"))
        departing = lookup.timetables.stops_with_departures(feed)
        listed = shown.stop_page(known, departing, words, number)
        described = {"name": feed, "feed": release.feed(feed), "words": words, "listed": listed}
        return page("stops.html", release, **described)

    @feeds.get("/gtfs/<feed>/stops/<path:stop_id>")
    def stop(feed: str, stop_id: str) -> Response:
        release, known = lookup.stops(feed)
        at = shown.moment_of(request.args.get("at"), datetime.now(UTC))
        found = lookup.stop(known, stop_id)
        with handed_over("departures"):
            upcoming = lookup.timetables.upcoming(feed, stop_id, at, per_line=PER_LINE)
        return page(
            "stop.html",
            release,
            name=feed,
            feed=release.feed(feed),
            stop=found,
            parent=known.get(found.parent),
            upcoming=upcoming,
            state=shown.state(upcoming),
            lines=shown.lines(upcoming.departures, upcoming.at),
            several=len(found.poles) > 1,
        )

    @feeds.get("/gtfs/<feed>/stops/<path:stop_id>/departures.json")
    def departures(feed: str, stop_id: str) -> Response:
        _, known = lookup.stops(feed)
        at = shown.moment_of(request.args.get("at"), datetime.now(UTC))
        limit = shown.limit_of(request.args.get("limit"))
        found = lookup.stop(known, stop_id)
        with handed_over("departures"):
            upcoming = lookup.timetables.upcoming(feed, stop_id, at, limit=limit)
        response = jsonify(shown.document(feed, found, known, upcoming))
        response.headers["Cache-Control"] = REALTIME
        response.add_etag()
        return open_to_all(response)

    return feeds


class _FeedLookup:
    """What an address asks for, or the error that says which name is unknown."""

    def __init__(self, releases: Releases, transit: Transit | None) -> None:
        self._releases, self._transit = releases, transit

    @property
    def timetables(self) -> Timetables:
        if self._transit is None:
            raise UnknownNameError("this server knows no departures")
        return self._transit.timetables

    def stops(self, feed: str) -> tuple[Release, Mapping[str, Stop]]:
        release = self._releases.current()
        release.feed(feed)
        try:
            with handed_over("the timetable"):
                return release, self.timetables.stops(feed)
        except KeyError:
            raise UnknownNameError(f"feed '{feed}' has no GTFS file") from None

    def stop(self, known: Mapping[str, Stop], stop_id: str) -> Stop:
        try:
            return known[stop_id]
        except KeyError:
            raise UnknownNameError(f"the feed has no stop '{stop_id}'") from None
