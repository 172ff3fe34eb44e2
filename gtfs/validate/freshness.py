"""Whether a feed still answers for the coming days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtfs.days.calendar import effective_dates
from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    import datetime as dt

    from gtfs.feed.tables import Feed

_MUST, _SHOULD = 7, 30
"""Days a feed must and should reach ahead: publishing practice of GTFS Schedule."""


def freshness(feed: Feed, today: dt.date) -> list[Finding]:
    """Report a feed whose service has ended, or ends within 7 or 30 days of `today`."""
    used = set(feed.table("trips", "service_id")["service_id"])
    days = {d for service, dates in effective_dates(feed).items() if service in used for d in dates}
    say = Catalogue.of("gtfs.validate").finding
    if not days:
        return [say("feed-without-service", file="calendar.txt")]
    last = max(days)
    left = (last - today).days
    place = {"file": "calendar.txt", "value": last}
    if left < 0:
        return [say("feed-expired", **place)]  # type: ignore[arg-type]
    if left < _SHOULD:
        return [say("feed-ends-now" if left < _MUST else "feed-ends-soon", days=left, **place)]  # type: ignore[arg-type]
    return []
