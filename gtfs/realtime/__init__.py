"""Sudden changes: cancelled sailings (欠航) and announcements, as GTFS-Realtime.

An announcement is written once, by a person with a name, into a small SQLite store; everything
else (protobuf, JSON, the list on a page) is read from there and from the published feed.
:class:`gtfs.realtime.desk.Desk` writes, :class:`gtfs.realtime.board.Board` reads; the desk needs
the timetable and is imported from its own module, so that reading stays light.
"""

from gtfs.realtime.alert import Alert, CancelledTrip, Cause, Effect
from gtfs.realtime.board import Board
from gtfs.realtime.message import feed_message, message_json
from gtfs.realtime.store import AlertStore

__all__ = [
    "Alert",
    "AlertStore",
    "Board",
    "CancelledTrip",
    "Cause",
    "Effect",
    "feed_message",
    "message_json",
]
