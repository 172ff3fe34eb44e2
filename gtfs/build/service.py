"""The kinds of service a feed can hold: by the clock, on demand, made elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtfs.build.assemble import assemble
from gtfs.build.shapes import read_line
from gtfs.errors import TimetableUnreadable
from gtfs.flex.build import build_demand, read_demand
from gtfs.flex.reconcile import reconcile_demand
from gtfs.reconcile import Reconciliation, reconcile
from gtfs.reconcile.secondreader import SecondReaders
from gtfs.reconcile.times import formulas_without_value
from gtfs.republish.service import Republished
from gtfs.timetable.read import read_timetables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from gtfs.build.parts import Parts
    from gtfs.build.shapes import Floats
    from gtfs.feed.tables import Feed as Tables
    from gtfs.stops.poles import StopLedger
    from gtfs.timetable.trips import Trip
    from pipeline.config.feeds import Feed
    from pipeline.findings import Finding

Finished = tuple["Tables", "pd.DataFrame", Reconciliation]
"""The tables, where each stop_time stands, and how both compare with the sources."""


class ByTheClock:
    """Timetables and the lines of their routes.

    Attributes
    ----------
    trips, findings, sources
        What the workbooks say, what is wrong with them, and their paths.
    lines
        Longitude and latitude of the line of each route that has one.
    """

    def __init__(self, feed: Feed, root: Path, stops: StopLedger) -> None:
        self._root = root
        self._read = read_timetables(feed, root, stops)
        self.trips: Sequence[Trip] = self._read.trips
        self.findings: list[Finding] = list(self._read.findings)
        if {f.code for f in self.findings} & {"trip-too-short", "trip-empty", "matrix-empty"}:
            # A time that is missing may be a formula nobody calculated: that is the thing to say.
            self.findings[:0] = formulas_without_value(self._read.areas, SecondReaders(root))
        self.sources: list[str] = list(self._read.sources)
        self.lines: dict[str, Floats] = {}
        for route_id, route in feed.routes.items():
            if route.line is None:
                continue
            try:
                self.lines[route_id] = read_line(route.line, root)
            except TimetableUnreadable as unreadable:
                self.findings.append(unreadable.finding)
            self.sources.append(route.line.file)

    def finish(self, parts: Parts) -> Finished:
        """Put the tables together and hold them against the workbooks."""
        tables, provenance, noticed = assemble(parts, self._read.trips)
        checked = reconcile(parts, tables, provenance, self._read.areas, self._root)
        checked.findings = [*noticed, *checked.findings]
        return tables, provenance, checked


class OnDemand:
    """Windows, zones and booking rules; the attributes are those of :class:`ByTheClock`."""

    def __init__(self, feed: Feed, root: Path, stops: StopLedger) -> None:
        self._root = root
        self._read = read_demand(feed, root, stops)
        self.trips: Sequence[Trip] = self._read.trips
        self.findings: list[Finding] = list(self._read.findings)
        self.sources: list[str] = list(self._read.sources)
        self.lines: Mapping[str, Floats] = {}

    def finish(self, parts: Parts) -> Finished:
        """Put the tables together and hold them against the files."""
        tables, origins = build_demand(parts, self._read)
        checked = reconcile_demand(parts, tables, origins, self._read.areas, self._root)
        return tables, origins, checked


Service = ByTheClock | OnDemand | Republished


def service_of(feed: Feed, root: Path, stops: StopLedger) -> Service:
    """Read the service a feed declares; what is wrong with it is in its `findings`."""
    if feed.published:
        return Republished(feed, root)
    return OnDemand(feed, root, stops) if feed.demand else ByTheClock(feed, root, stops)
