"""From the declaration of a feed and its files to the tables of the feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from gtfs.assemble import assemble
from gtfs.coverage import check_revisions, check_services
from gtfs.daytypes import read_days
from gtfs.errors import TimetableUnreadable
from gtfs.farerules import conflicts
from gtfs.fares import read_fares
from gtfs.japan import check_operator
from gtfs.parts import Parts, Publisher
from gtfs.reconcile import Reconciliation, reconcile
from gtfs.registry import Registry
from gtfs.shapes import read_line
from gtfs.stops import read_stops
from gtfs.tables import Feed as Tables
from gtfs.timetable.read import read_timetables
from pipeline.findings import Finding, has_error
from pipeline.progress import Progress, silent

if TYPE_CHECKING:
    from pathlib import Path

    from gtfs.shapes import Floats
    from pipeline.config.feeds import Feed


@dataclass(frozen=True, slots=True)
class BuiltFeed:
    """The result of building one feed.

    Attributes
    ----------
    tables
        The feed; empty if it could not be put together.
    findings
        Everything noticed; an error blocks the feed.
    reconciliation
        How the feed compares with its sources, as counts.
    provenance
        ``trip_id, stop_sequence, file, sheet, arrival_cell, departure_cell`` of each stop_time.
    sources
        Files that were read, relative to the root, each once.
    """

    tables: Tables
    findings: list[Finding]
    reconciliation: Reconciliation
    provenance: pd.DataFrame = field(default_factory=pd.DataFrame)
    sources: list[str] = field(default_factory=list)

    @property
    def blocked(self) -> bool:
        """Tell whether the feed must not be published."""
        return has_error(self.findings)


def build_feed(
    name: str,
    feed: Feed,
    *,
    root: Path,
    publisher: Publisher,
    registry: Path | None = None,
    remember: bool = True,
    progress: Progress = silent,
) -> BuiltFeed:
    """Build the tables of a feed from the operator's files and compare them with the files.

    Parameters
    ----------
    name
        Name of the feed in the declaration.
    feed
        Its declaration.
    root
        Folder that the paths of the declaration are relative to.
    publisher
        Who publishes.
    registry
        Folder of the registers of ids; the feed's own is ``<name>.csv``. None: ids are made from
        the ledger alone.
    remember
        Write new ids to the register if the feed is sound.
    progress
        Told of the four steps.

    Returns
    -------
    BuiltFeed
        Findings instead of exceptions for everything a city can put right.
    """
    progress(name, 0, 4)
    days = read_days(feed, root)
    register = Registry.read(registry / f"{name}.csv") if registry else Registry()
    give = partial(register.assign, "stop", on=feed.period.start)
    stops = read_stops(feed.stops, root, give)
    findings = [*check_operator(feed.operator), *days.findings, *stops.findings]
    timetables = read_timetables(feed, root, stops)
    progress(name, 1, 4)
    fares = read_fares(feed.fares, root, stops, feed.routes)
    findings += [*timetables.findings, *fares.findings, *conflicts(fares)]
    lines, line_files = _lines(feed, root, findings)
    sources = [feed.stops.file, *days.sources, *timetables.sources, *fares.sources, *line_files]
    unique = list(dict.fromkeys(sources))
    findings = list(dict.fromkeys(findings))  # the same missing file or sheet is said once
    if has_error(findings):
        return BuiltFeed(Tables(), findings, Reconciliation(), sources=unique)
    parts = Parts(name, feed, publisher, days, stops, timetables.trips, fares, lines)
    findings += [*check_services(parts), *check_revisions(parts)]
    if has_error(findings):
        return BuiltFeed(Tables(), findings, Reconciliation(), sources=unique)
    tables, provenance, noticed = assemble(parts)
    progress(name, 3, 4)
    checked = reconcile(parts, tables, provenance, timetables.areas, root)
    findings += [*noticed, *checked.findings]
    register.retire_missing("stop", on=feed.period.start)
    findings += register.findings
    if registry and remember and not has_error(findings):
        register.write(registry / f"{name}.csv")
    progress(name, 4, 4)
    return BuiltFeed(tables, findings, checked, provenance, unique)


def _lines(feed: Feed, root: Path, findings: list[Finding]) -> tuple[dict[str, Floats], list[str]]:
    lines: dict[str, Floats] = {}
    files: list[str] = []
    for route_id, route in feed.routes.items():
        if route.line is None:
            continue
        try:
            lines[route_id] = read_line(route.line, root)
        except TimetableUnreadable as unreadable:
            findings.append(unreadable.finding)
        files.append(route.line.file)
    return lines, files
