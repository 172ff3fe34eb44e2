"""Every day of every service held against the rule of its day type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtfs.days.calendar import effective_dates
from gtfs.days.types import each_day
from gtfs.notices import notice

if TYPE_CHECKING:
    from gtfs.build.parts import Parts
    from gtfs.feed.tables import Feed as Tables
    from gtfs.reconcile.result import Reconciliation
    from gtfs.timetable.trips import Trip


def compare_days(parts: Parts, tables: Tables, result: Reconciliation) -> None:
    """Count days times services and those on which feed and declaration agree."""
    running = effective_dates(tables)
    examples: dict[tuple[object, ...], Trip] = {}
    for trip in parts.trips:
        period = (trip.valid.start, trip.valid.end) if trip.valid else ()
        rules = tuple(parts.rules(trip))
        examples.setdefault((parts.service_id(trip), trip.day_type, rules, period), trip)
    for trip in examples.values():
        service = parts.service_id(trip)
        day_type = parts.feed.day_types[trip.day_type]
        marks = [parts.feed.marks[m] for m in trip.marks]
        served = running.get(service, frozenset())
        for date in each_day(parts.feed.period.start, parts.feed.period.end):
            inside = trip.valid is None or trip.valid.start <= date <= trip.valid.end
            expected = inside and parts.days.runs(date, day_type, marks)
            result.service_days += 1
            result.service_days_matched += expected == (date in served)
            if expected != (date in served):
                result.findings.append(
                    notice(
                        "service-day-differs",
                        feature=service,
                        value=date.isoformat(),
                        file=trip.file,
                        sheet=trip.sheet,
                    )
                )
