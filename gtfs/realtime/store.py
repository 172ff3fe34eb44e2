"""Announcements in one SQLite file: written by few, read by every server process."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gtfs.errors import AlertError
from gtfs.realtime.rows import alert_of, moment_of, row_of, row_of_run, seconds_of
from pipeline.statements import script, statements

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator
    from pathlib import Path

    from gtfs.realtime.alert import Alert

_VERSION = 2
_UPGRADE = ("runs", "copy", "drop", "routes", "stops")
"""Statements, in order, from a store that knew trips by their ids alone to one that knows runs."""
_WAIT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the history: who did what to which announcement, and when."""

    alert: int
    at: dt.datetime
    who: str
    act: str
    header: str


class AlertStore:
    """The announcements of all feeds.

    Every call opens the file for itself, so that one store can be used from threads and
    processes; SQLite's write-ahead log lets readers go on while someone writes.

    Parameters
    ----------
    path
        The SQLite file; it is made when first written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, alert: Alert, *, by: str, now: dt.datetime, once: bool = False) -> Alert:
        """Store an announcement and return it with its number.

        Parameters
        ----------
        by
            Name of the person who announces.
        now
            The moment, with time zone.
        once
            Refuse what is announced already: a trip that is cancelled, or the same headline until
            the same moment. Two people, or one who presses twice, then announce once.

        Raises
        ------
        AlertError
            If nobody is named, there is no headline, it ends before it starts or before now, it
            was announced before, or another process keeps the store locked.
        """
        _check(alert, by, now)
        with self._writing() as database:
            if once:
                _refuse_second(database, alert, now)
            stored = replace(
                alert, created_at=_own_second(database, alert.feed, now), created_by=by
            )
            cursor = database.execute(_sql("insert_alert"), row_of(stored))
            number = cursor.lastrowid or 0
            database.executemany(
                _sql("insert_trip"),
                [(number, *row_of_run(t)) for t in sorted(set(alert.trips))],
            )
            database.execute(_sql("insert_act"), (number, seconds_of(now), by, "created"))
        return replace(stored, id=number)

    def withdraw(self, number: int, *, by: str, now: dt.datetime) -> Alert:
        """Take an announcement back; it stays in the history.

        Raises
        ------
        AlertError
            If nobody is named, there is no such announcement or it was withdrawn before.
        """
        if not by.strip():
            raise AlertError(
                "an announcement is withdrawn by somebody: a name is needed",
                ja="取り下げる人の名前（--by）が要ります。",
            )
        with self._writing() as database:
            known = database.execute(_sql("feed_of"), (number,)).fetchone()
            moment = seconds_of(_own_second(database, known["feed"], now)) if known else 0
            changed = database.execute(_sql("withdraw"), (moment, by, number)).rowcount
            if not changed:
                raise AlertError(
                    f"there is no announcement {number} that could be withdrawn",
                    "gone",
                    ja=f"取り下げられるお知らせ {number} 番はありません。",
                )
            database.execute(_sql("insert_act"), (number, seconds_of(now), by, "withdrawn"))
        return next(alert for alert in self._alerts("alert_by_id", (number,)))

    def active(self, feed: str, *, now: dt.datetime) -> list[Alert]:
        """Return the announcements of a feed that passengers see now, oldest first."""
        return self._alerts("active", (feed, seconds_of(now), seconds_of(now)))

    def live(self, feed: str, *, now: dt.datetime) -> list[Alert]:
        """Return what is neither withdrawn nor over, oldest first; also what has yet to start."""
        return self._alerts("live", (feed, seconds_of(now)))

    def changed(self, feed: str, *, now: dt.datetime) -> dt.datetime | None:
        """Return when passengers last saw something else than before; None if never."""
        with self._reading() as database:
            if database is None:
                return None
            values = {"feed": feed, "now": seconds_of(now)}
            moment = database.execute(_sql("changed"), values).fetchone()[0]
            return None if moment is None else moment_of(moment)

    def all(self, feed: str) -> list[Alert]:
        """Return every announcement of a feed ever made, newest first."""
        return self._alerts("all", (feed,))

    def history(self, feed: str) -> list[Act]:
        """Return who did what and when, newest first."""
        with self._reading() as database:
            rows = database.execute(_sql("history"), (feed,)) if database else []
            return [
                Act(r["alert"], moment_of(r["at"]), r["who"], r["act"], r["header_ja"])
                for r in rows
            ]

    def _alerts(self, query: str, values: tuple[object, ...]) -> list[Alert]:
        with self._reading() as database:
            if database is None:
                return []
            rows = database.execute(_sql(query), values).fetchall()
            return [alert_of(row, database.execute(_sql("trips"), (row["id"],))) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        if not self.path.exists():
            yield None
            return
        with self._patiently(), closing(self._open()) as database:
            # Somebody may be making the file at this moment.
            made = _version(database)
            if made:
                _upgrade(database)
            yield database if made else None

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._patiently(), closing(self._open()) as database:
            if _version(database) == 0:
                # Whoever else makes the file at this moment does the same; who comes second to
                # the journal is told that it is locked, and finds it as it should be.
                with suppress(sqlite3.OperationalError):
                    database.execute("PRAGMA journal_mode = WAL")
                database.executescript(script("gtfs.realtime", "schema.sql"))
                database.execute(f"PRAGMA user_version = {_VERSION}")
            _upgrade(database)
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
            except BaseException:
                database.execute("ROLLBACK")
                raise
            database.execute("COMMIT")

    @contextmanager
    def _patiently(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = "busy" if "locked" in str(error) else "store"
            raise AlertError(
                f"{self.path.name} cannot be used: {error}",
                code,
                ja=f"お知らせの記録 {self.path.name} が使えません（{error}）。",
            ) from None

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.path, timeout=_WAIT_SECONDS, isolation_level=None)
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA foreign_keys = ON")
        if _version(database) > _VERSION:
            database.close()
            raise AlertError(
                f"{self.path.name} was written by a newer version of this program",
                ja=f"{self.path.name} は、もっと新しい版のプログラムで書かれています。",
            )
        return database


def _version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def _upgrade(database: sqlite3.Connection) -> None:
    """Bring a store of an earlier version into the present form, in one step."""
    if _version(database) == _VERSION:
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        if _version(database) < _VERSION:  # else somebody else did it while we waited
            for step in _UPGRADE:
                database.execute(_sql(f"upgrade_2_{step}"))
            database.execute(f"PRAGMA user_version = {_VERSION}")
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _own_second(database: sqlite3.Connection, feed: str, now: dt.datetime) -> dt.datetime:
    """Return the first moment from `now` on, in whole seconds, at which nothing of a feed changed.

    A message carries the second of the last change, and two messages of one second must not differ
    (rule E017 of the GTFS Realtime validator): what is done in haste counts a second later.
    """
    last = database.execute(_sql("last_change"), (feed,)).fetchone()[0]
    return moment_of(max(seconds_of(now), (last or 0) + 1))


def _check(alert: Alert, by: str, now: dt.datetime) -> None:
    if not by.strip():
        raise AlertError(
            "an announcement is made by somebody: a name is needed",
            "nobody",
            ja="知らせる人の名前（--by）が要ります。",
        )
    if alert.url and not alert.url.startswith(("https://", "http://")):
        raise AlertError(
            "the address must begin with https:// or http://",
            "url",
            ja="URL は https:// か http:// で始めてください。",
        )
    if not alert.header.ja.strip():
        raise AlertError(
            "an announcement needs a headline in Japanese",
            "headline",
            ja="日本語の見出しが要ります。",
        )
    if alert.ends <= max(alert.starts, now):
        raise AlertError(
            f"the announcement would end ({alert.ends:%Y-%m-%d %H:%M}) before it is seen",
            "over",
            ja=f"終わり（{alert.ends:%Y-%m-%d %H:%M}）が、もう過ぎているか始まりより前です。",
        )


def _refuse_second(database: sqlite3.Connection, alert: Alert, now: dt.datetime) -> None:
    """Raise AlertError if somebody has announced the same; called inside the transaction."""
    over = seconds_of(now)
    for trip in alert.trips:
        row = database.execute(
            _sql("cancelled_before"),
            (alert.feed, trip.date.isoformat(), trip.trip_id, trip.start, over),
        ).fetchone()
        if row:
            raise AlertError(
                f"trip {trip.trip_id!r} was cancelled before by {row['created_by']}",
                "before",
                ja=f"便 {trip.trip_id} は、すでに{row['created_by']}が取りやめています。",
            )
    if not alert.trips:
        row = database.execute(
            _sql("announced_before"), (alert.feed, alert.header.ja, seconds_of(alert.ends), over)
        ).fetchone()
        if row:
            raise AlertError(
                f"{row['created_by']} has announced the same before",
                "before",
                ja=f"同じお知らせを、すでに{row['created_by']}が出しています。",
            )


def _sql(name: str) -> str:
    return statements("gtfs.realtime")[name]
