"""Departures as JSON documents and as lines on a page; questions from addresses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tiles_server.errors import BadQueryError
from tiles_server.formatting import JAPAN
from tiles_server.parameters import whole_number

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from tiles_server.interfaces import Departure, Named, Stop, Upcoming

MOST = 100
"""Departures of one answer."""

LISTED_CANCELLED = 6
"""Cancelled departures of one line and day that are shown; more are counted."""

EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def moment_of(text: str | None, now: datetime) -> datetime:
    """Return the moment of ``?at=``; the present minute when it is absent.

    The minute, because a boat that is due this minute may still be at the pier, and because then
    answers of the same minute are the same. A moment without time zone is Japanese.

    Raises
    ------
    BadQueryError
        If it is no ISO 8601 date and time between 1970 and 2200.
    """
    if not text:
        return now.astimezone(JAPAN).replace(second=0, microsecond=0)
    # A plus sign that was not written %2B arrives as a space.
    repaired = re.sub(r" (\d\d:?\d\d)$", r"+\1", text.strip())
    try:
        moment = datetime.fromisoformat(repaired)
    except ValueError:
        raise BadQueryError(f"at={text!r} is no date and time as 2026-11-24T08:00+09:00") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=JAPAN)
    if not EARLIEST <= moment <= LATEST:
        raise BadQueryError(f"at={text!r} is before 1970 or after 2200")
    return moment


def limit_of(text: str | None) -> int:
    """Return ``?limit=``, 10 when absent; more than there may be is the most there may be.

    Raises
    ------
    BadQueryError
        If it is no whole number from 1.
    """
    return 10 if text is None else min(MOST, whole_number("limit", text, least=1))


def document(feed: str, stop: Stop, stops: Mapping[str, Stop], found: Upcoming) -> dict[str, Any]:
    """Return departures as a JSON-ready document for programs."""
    return {
        "feed": feed,
        "feed_version": found.version,
        "timezone": str(found.at.tzinfo),
        "at": found.at.isoformat(),
        "stop": _stop(stop)
        | {"poles": [_stop(stops[pole]) for pole in stop.poles if pole in stops]},
        "valid": {
            "from": found.first.isoformat() if found.first else None,
            "until": found.last.isoformat() if found.last else None,
        },
        "state": state(found),
        "departures": [_departure(departure) for departure in found.departures],
    }


def state(found: Upcoming) -> str:
    """Say why there are no departures, or that there are.

    Returns
    -------
    str
        ``ok``; ``no_boarding``: nothing ever departs here; ``ended``: the timetable is over;
        ``none_left``: nothing departs any more until it is over.
    """
    if found.departures:
        return "ok"
    if not found.boarding:
        return "no_boarding"
    if found.last is None or found.at.date() > found.last:
        return "ended"
    return "none_left"


def _departure(departure: Departure) -> dict[str, Any]:
    return {
        "time": departure.time.isoformat(),
        "service_date": departure.date.isoformat(),
        "trip_id": departure.trip_id,
        "route_id": departure.route_id,
        "route": _words(departure.route),
        "headsign": _words(departure.headsign),
        "stop_id": departure.stop_id,
        "platform": departure.platform,
        "cancelled": departure.cancelled,
        "approximate": departure.approximate,
        "by_arrangement": departure.arranged,
    }


def _stop(stop: Stop) -> dict[str, Any]:
    return {
        "stop_id": stop.id,
        "name": _words(stop.name),
        "platform": stop.platform,
        "lat": stop.lat,
        "lon": stop.lon,
    }


def _words(named: Named) -> dict[str, str]:
    return {"ja": named.ja, "en": named.en}


@dataclass(frozen=True)
class Line:
    """The next departures of one route and headsign, day by day.

    A day has its departures and the number of further ones that are cancelled; the day of the
    question is None, for it goes without saying, and so is the night after it.
    """

    route: Named
    headsign: Named
    days: tuple[tuple[date | None, tuple[Departure, ...], int], ...]


def lines(departures: Sequence[Departure], at: datetime) -> list[Line]:
    """Put departures together by route and headsign, whose next is first comes first."""
    groups: dict[tuple[str, str, str], list[Departure]] = {}
    for departure in departures:
        key = (departure.route_id, departure.headsign.ja, departure.headsign.en)
        groups.setdefault(key, []).append(departure)
    return [Line(g[0].route, g[0].headsign, tuple(_by_day(g, at))) for g in groups.values()]


def _by_day(
    group: Sequence[Departure], at: datetime
) -> Iterator[tuple[date | None, tuple[Departure, ...], int]]:
    for day, leaving in groupby(group, key=lambda departure: _day_said(departure, at)):
        everything = list(leaving)
        cancelled = [departure for departure in everything if departure.cancelled]
        hidden = {id(departure) for departure in cancelled[LISTED_CANCELLED:]}
        yield day, tuple(d for d in everything if id(d) not in hidden), len(hidden)


def _day_said(departure: Departure, at: datetime) -> date | None:
    today = departure.time.date() == at.date() or departure.time - at < timedelta(hours=4)
    return None if today else departure.time.date()


@dataclass(frozen=True)
class StopPage:
    """A page of the list of stops.

    Attributes
    ----------
    stops
        Stops, and poles that belong to none.
    total, number, pages
        Stops found, the page, how many pages there are.
    """

    stops: tuple[Stop, ...]
    total: int
    number: int
    pages: int


STOPS_A_PAGE = 100


def stop_page(
    stops: Mapping[str, Stop], departing: Collection[str], words: str, number: int
) -> StopPage:
    """Return a page of the stops where anything departs and that match `words`."""
    parts = [folded(word) for word in words.split()]
    found = [
        stop
        for stop in stops.values()
        if not (stop.parent and stop.parent in stops)
        and any(pole in departing for pole in stop.poles)
        and all(part in _searched(stop) for part in parts)
    ]
    pages = max(1, -(-len(found) // STOPS_A_PAGE))
    number = min(number, pages)
    first = (number - 1) * STOPS_A_PAGE
    return StopPage(tuple(found[first : first + STOPS_A_PAGE]), len(found), number, pages)


def _searched(stop: Stop) -> str:
    return folded(f"{stop.name.ja} {stop.name.en} {stop.reading}")


def folded(text: str) -> str:
    """Return `text` as it is compared: widths, case and the two kana made alike."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in plain)
