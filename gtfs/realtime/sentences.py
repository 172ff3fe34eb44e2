"""Headline and text of a cancellation, made from its trips: nobody has to type at the pier."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from gtfs.feed.columns import clock
from gtfs.realtime.names import origins_of, route_names
from pipeline.config.base import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gtfs.feed.tables import Feed
    from gtfs.realtime.alert import CancelledTrip, Cause

_FERRY = 4
_LISTED = 12
"""So many departures are listed in the text; more are named by the first and the last."""


def sentences(
    feed: Feed, trips: Sequence[CancelledTrip], cause: Cause, everything: bool
) -> tuple[Text, Text]:
    """Make headline and text of a cancellation from its trips."""
    words, names = _words(), route_names(feed)
    types = dict(zip(feed["routes"].route_id, feed["routes"].route_type, strict=True))
    routes = sorted({trip.route_id for trip in trips})
    mode = "ferry" if all(types[route] == _FERRY for route in routes) else "other"
    kind = "all" if everything else "some" if len(trips) <= _LISTED else "many"
    times = [clock(trip.departure)[:5] for trip in trips]
    origins = origins_of(feed, routes) if kind == "some" else {}
    day = trips[0].date

    def say(template: dict[str, str], language: str) -> str:
        return template[language].format(
            route="・".join(names[r].best(language) for r in routes),
            date=f"{day.month}月{day.day}日" if language == "ja" else day.isoformat(),
            count=len(trips),
            cause=words["causes"][cause.value][language],
            first=times[0],
            last=times[-1],
            trips=_listed(trips, origins, language),
        )

    header = words["header"]["all" if everything else "some"][mode]
    text = words["description"][kind]
    return (
        Text(ja=say(header, "ja"), en=say(header, "en")),
        Text(ja=say(text, "ja"), en=say(text, "en")),
    )


def _listed(trips: Sequence[CancelledTrip], origins: Mapping[str, Text], language: str) -> str:
    """List departures, with where they start if trips of these routes start at several stops."""
    comma = "、" if language == "ja" else ", "
    if len(set(origins.values())) < 2:
        return comma.join(clock(trip.departure)[:5] for trip in trips)
    by_origin: dict[Text, list[str]] = {}
    for trip in trips:
        origin = origins.get(trip.trip_id, Text(ja=""))
        by_origin.setdefault(origin, []).append(clock(trip.departure)[:5])
    said, between = _words()["origin"][language], "／" if language == "ja" else "; "
    return between.join(
        said.format(origin=origin.best(language), trips=comma.join(leaving))
        for origin, leaving in by_origin.items()
    )


@cache
def _words() -> dict[str, Any]:
    text = resources.files("gtfs.realtime").joinpath("words.yaml").read_text(encoding="utf-8")
    words: dict[str, Any] = YAML(typ="safe").load(text)
    return words
