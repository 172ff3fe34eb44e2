"""Sudden changes: cancelled sailings (欠航) and announcements, as GTFS-Realtime.

An announcement is written once, by a person with a name, into a small SQLite store; everything
else (protobuf, JSON, the list on a page) is read from there and from the published feed.
"""

from gtfs.realtime.alert import Alert, CancelledTrip, Cause, Effect
from gtfs.realtime.desk import Desk
from gtfs.realtime.message import feed_message, message_json
from gtfs.realtime.store import AlertStore

__all__ = [
    "Alert",
    "AlertStore",
    "CancelledTrip",
    "Cause",
    "Desk",
    "Effect",
    "feed_message",
    "message_json",
]
