"""What the server needs of feeds, and does not know how to do itself.

The server imports nothing of ``gtfs``. Whoever starts it (the command line) hands it a
:class:`TransitMaker`; each worker process makes its own :class:`Transit` with it. Started without
one, the server has no announcements and no departures, and everything else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path


class Named(Protocol):
    """A text in Japanese and, where there is one, English."""

    @property
    def ja(self) -> str: ...
    @property
    def en(self) -> str: ...
    def best(self, language: str, /) -> str:
        """Return the text in `language`, else in Japanese."""


class CancelledTrip(Protocol):
    """A trip that does not run on a service day; times are seconds of that day."""

    @property
    def date(self) -> dt.date: ...
    @property
    def departure(self) -> int: ...
    @property
    def trip_id(self) -> str: ...
    @property
    def route_id(self) -> str: ...


class Alert(Protocol):
    """An announcement that is shown."""

    @property
    def id(self) -> int: ...
    @property
    def header(self) -> Named: ...
    @property
    def description(self) -> Named: ...
    @property
    def url(self) -> str: ...
    @property
    def effect(self) -> str: ...
    @property
    def starts(self) -> dt.datetime: ...
    @property
    def ends(self) -> dt.datetime: ...
    @property
    def created_at(self) -> dt.datetime | None: ...
    @property
    def created_by(self) -> str: ...
    @property
    def trips(self) -> Sequence[CancelledTrip]: ...


class Message(Protocol):
    """The state of a feed as GTFS-Realtime, in both forms."""

    @property
    def protobuf(self) -> bytes: ...
    @property
    def json(self) -> bytes: ...
    @property
    def timestamp(self) -> int: ...


class Board(Protocol):
    """Announcements as they are shown; every method is cheap enough for every request."""

    def alerts(self, feed: str) -> Sequence[Alert]:
        """Return what passengers see now; nothing for a feed nobody has announced anything of."""

    def live(self, feed: str) -> Sequence[Alert]:
        """Return also what has yet to begin."""

    def message(self, feed: str) -> Message:
        """Return the state of a feed; raise KeyError for an unknown one."""

    def cancelled(self, feed: str) -> Collection[tuple[dt.date, str, int]]:
        """Return day, trip id and start (-1: runs once) of every run that is cancelled now."""

    def orphans(self, feed: str) -> dict[int, int]:
        """Count, by announcement, trips that the feed does not have any more."""


class Desk(Protocol):
    """Where announcements are made; all values are plain, as a form and JSON have them.

    A refusal is a :class:`pipeline.errors.TonariError` whose attribute ``code`` names the reason.
    """

    def choices(self, feed: str) -> dict[str, Any]:
        """Return ``routes``, ``origins``, ``first`` and ``last`` day of a feed."""

    def departures(
        self, feed: str, date: str, *, routes: Sequence[str], stop: str, after: str, before: str
    ) -> list[dict[str, Any]]:
        """Return the trips that are meant."""

    def cancel(
        self, feed: str, date: str, *, by: str, cause: str, trips: Sequence[str], once: bool
    ) -> dict[str, Any]:
        """Cancel trips of a service day."""

    def announce(
        self,
        feed: str,
        *,
        by: str,
        header: Any,
        ends: dt.datetime,
        starts: dt.datetime | None,
        effect: str,
        description: Any,
        url: str,
        routes: Sequence[str],
        once: bool,
    ) -> dict[str, Any]:
        """Announce something that cancels no trip."""

    def withdraw(self, number: int, *, by: str) -> dict[str, Any]:
        """Take an announcement back."""

    def history(self, feed: str) -> list[dict[str, Any]]:
        """Return who did what and when, newest first."""


class Stop(Protocol):
    """A place where passengers board: a pole, or a stop that has poles."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> Named: ...
    @property
    def reading(self) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def parent(self) -> str: ...
    @property
    def poles(self) -> Sequence[str]: ...
    @property
    def lat(self) -> float | None: ...
    @property
    def lon(self) -> float | None: ...


class Departure(Protocol):
    """One departure from a pole."""

    @property
    def time(self) -> dt.datetime: ...
    @property
    def date(self) -> dt.date: ...
    @property
    def trip_id(self) -> str: ...
    @property
    def route_id(self) -> str: ...
    @property
    def stop_id(self) -> str: ...
    @property
    def route(self) -> Named: ...
    @property
    def headsign(self) -> Named: ...
    @property
    def platform(self) -> str: ...
    @property
    def cancelled(self) -> bool: ...
    @property
    def approximate(self) -> bool: ...
    @property
    def arranged(self) -> bool: ...


class Upcoming(Protocol):
    """What departs from a stop from a moment on."""

    @property
    def at(self) -> dt.datetime: ...
    @property
    def departures(self) -> Sequence[Departure]: ...
    @property
    def first(self) -> dt.date | None: ...
    @property
    def last(self) -> dt.date | None: ...
    @property
    def boarding(self) -> bool: ...
    @property
    def version(self) -> str: ...


class Timetables(Protocol):
    """What departs when; every method answers in milliseconds once a feed has been loaded."""

    def stops(self, feed: str) -> Mapping[str, Stop]:
        """Return stops and poles by id, in the order of their names; KeyError without the feed."""

    def stops_with_departures(self, feed: str) -> Collection[str]:
        """Return ids of the poles from which anything departs."""

    def upcoming(
        self, feed: str, stop_id: str, at: dt.datetime, *, limit: int = 0, per_line: int = 0
    ) -> Upcoming:
        """Return the next departures; KeyError without the stop."""


class Transit(Protocol):
    """Everything about feeds that is more than a file of the release."""

    @property
    def board(self) -> Board: ...
    @property
    def timetables(self) -> Timetables: ...
    @property
    def desk(self) -> Desk: ...


class FeedSource(Protocol):
    """The feeds being served, as the server tells them to whom it lets compute on them."""

    def zip_of(self, feed: str) -> Path:
        """Return the published zip of a feed; raise KeyError for an unknown one."""

    def since(self) -> float:
        """Return since when these are the ones being served, seconds since 1970."""


class TransitMaker(Protocol):
    """Makes the :class:`Transit` of one worker process; must be picklable and quick."""

    def __call__(self, served: FeedSource, /) -> Transit: ...
