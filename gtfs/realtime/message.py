"""Announcements as GTFS-Realtime: ServiceAlerts, and TripUpdates for cancelled trips.

Consumers differ: some show alerts only, some take trips out of the timetable only by a
TripUpdate with CANCELED. A cancellation is therefore said in both ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.json_format import MessageToJson  # type: ignore[import-untyped]
from google.transit import gtfs_realtime_pb2 as rt

from gtfs.realtime.alert import ONCE, clock

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from gtfs.realtime.alert import Alert, CancelledTrip, RunKey
    from pipeline.config.base import Text

VERSION = "2.0"


def feed_message(
    alerts: Iterable[Alert], *, now: dt.datetime, feed_version: str = "", agency_id: str = ""
) -> rt.FeedMessage:
    """Return the complete state as one message.

    Parameters
    ----------
    alerts
        What passengers should see now.
    now
        Becomes the timestamp of the message.
    feed_version
        Version of the schedule the trip ids belong to.
    agency_id
        Named by announcements that are about no route, stop or trip.
    """
    message = rt.FeedMessage()
    message.header.gtfs_realtime_version = VERSION
    message.header.incrementality = rt.FeedHeader.FULL_DATASET
    message.header.timestamp = int(now.timestamp())
    if feed_version:
        message.header.feed_version = feed_version
    cancelled: dict[RunKey, CancelledTrip] = {}
    for alert in sorted(alerts, key=lambda a: a.id):
        _add_alert(message, alert, agency_id)
        cancelled |= {trip.key: trip for trip in alert.trips}
    for trip in sorted(cancelled.values()):
        _add_cancellation(message, trip, now)
    return message


def message_bytes(message: rt.FeedMessage) -> bytes:
    """Return a message as protobuf, the same bytes for the same message."""
    return bytes(message.SerializeToString(deterministic=True))


def message_json(message: rt.FeedMessage) -> str:
    """Return a message as JSON with the field names of the specification."""
    return str(MessageToJson(message, preserving_proto_field_name=True, ensure_ascii=False))


def _add_alert(message: rt.FeedMessage, alert: Alert, agency_id: str) -> None:
    entity = message.entity.add(id=f"alert-{alert.id}")
    said = entity.alert
    said.active_period.add(start=int(alert.starts.timestamp()), end=int(alert.ends.timestamp()))
    said.cause = rt.Alert.Cause.Value(alert.cause.value)
    said.effect = rt.Alert.Effect.Value(alert.effect.value)
    _translate(said.header_text, alert.header)
    _translate(said.description_text, alert.description)
    if alert.url:
        said.url.translation.add(text=alert.url)
    for trip in alert.trips:
        _describe(said.informed_entity.add().trip, trip)
    for route in alert.routes:
        said.informed_entity.add(route_id=route)
    for stop in alert.stops:
        said.informed_entity.add(stop_id=stop)
    if not said.informed_entity:
        said.informed_entity.add(agency_id=agency_id)


def _add_cancellation(message: rt.FeedMessage, trip: CancelledTrip, now: dt.datetime) -> None:
    run = "" if trip.start == ONCE else f"-{clock(trip.start)}"
    entity = message.entity.add(id=f"cancelled-{trip.date:%Y%m%d}-{trip.trip_id}{run}")
    _describe(entity.trip_update.trip, trip)
    entity.trip_update.trip.schedule_relationship = rt.TripDescriptor.CANCELED
    entity.trip_update.timestamp = int(now.timestamp())


def _describe(descriptor: rt.TripDescriptor, trip: CancelledTrip) -> None:
    descriptor.trip_id = trip.trip_id
    descriptor.route_id = trip.route_id
    descriptor.start_date = f"{trip.date:%Y%m%d}"
    if trip.start != ONCE:
        # Required for trips of frequencies.txt: without it the whole day would be meant, or none.
        descriptor.start_time = clock(trip.start)


def _translate(target: rt.TranslatedString, text: Text) -> None:
    for language in ("ja", "en"):
        word = getattr(text, language)
        if word:
            target.translation.add(text=word, language=language)
