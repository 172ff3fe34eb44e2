"""GTFS-Realtime of a feed: asked by journey planners every half minute."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from flask import Blueprint, Response

from tiles_server.caching import REALTIME
from tiles_server.errors import UnknownNameError, handed_over
from tiles_server.security import open_to_all

if TYPE_CHECKING:
    from tiles_server.interfaces import Message, Transit
    from tiles_server.releases import Releases

PROTOBUF = "application/x-protobuf"


def blueprint(releases: Releases, transit: Transit | None) -> Blueprint:
    """Return the blueprint over `releases`."""
    realtime = Blueprint("realtime", __name__)
    realtime.after_request(open_to_all)

    def message(feed: str) -> Message:
        releases.current().feed(feed)  # says which name is unknown
        if transit is None:
            raise UnknownNameError("this server has no announcements")
        try:
            with handed_over("announcements"):
                return transit.board.message(feed)
        except KeyError:
            raise UnknownNameError(f"feed '{feed}' has no GTFS file") from None

    @realtime.get("/gtfs/<feed>/alerts.pb")
    def alerts(feed: str) -> Response:
        told = message(feed)
        return _answer(told.protobuf, PROTOBUF, told.timestamp)

    @realtime.get("/gtfs/<feed>/alerts.json")
    def alerts_json(feed: str) -> Response:
        told = message(feed)
        return _answer(told.json, "application/json", told.timestamp)

    return realtime


def _answer(content: bytes, media_type: str, timestamp: int) -> Response:
    response = Response(content, content_type=media_type)
    response.set_etag(hashlib.sha256(content).hexdigest()[:32])
    response.last_modified = datetime.fromtimestamp(timestamp, tz=UTC)
    response.headers["Cache-Control"] = REALTIME
    return response
