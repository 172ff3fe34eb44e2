"""From the declaration of a feed and its files to the tables of the feed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from gtfs.build.coverage import check_revisions, check_services
from gtfs.build.japan import check_operator
from gtfs.build.parts import Parts, Publisher
from gtfs.build.service import service_of
from gtfs.days.types import read_days
from gtfs.fares.read import read_fares
from gtfs.fares.rules import conflicts, said_beside_v1
from gtfs.feed.tables import Feed as Tables
from gtfs.reconcile import Reconciliation
from gtfs.registry import Registry
from gtfs.stops.ledger import read_stops
from gtfs.stops.poles import StopLedger
from pipeline.findings import Finding, has_error
from pipeline.progress import Progress, silent

if TYPE_CHECKING:
    from pathlib import Path

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
    register
        The register with the ids this build gave.
    """

    tables: Tables
    findings: list[Finding]
    reconciliation: Reconciliation
    provenance: pd.DataFrame = field(default_factory=pd.DataFrame)
    sources: list[str] = field(default_factory=list)
    register: Registry = field(default_factory=Registry)

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
        Told of the three steps.

    Returns
    -------
    BuiltFeed
        Findings instead of exceptions for everything a city can put right.
    """
    progress(name, 0, 3)
    register = Registry.read(registry / f"{name}.csv") if registry else Registry()
    give = partial(register.assign, "stop", on=feed.period.start)
    stops = read_stops(feed.stops, root, give) if feed.stops else StopLedger()
    days = read_days(feed, root)
    fares = read_fares(feed.fares, root, stops, feed.routes)
    service = service_of(feed, root, stops)
    progress(name, 1, 3)
    findings = [
        *check_operator(feed.operator),
        *days.findings,
        *stops.findings,
        *service.findings,
        *fares.findings,
        *conflicts(fares),
        *said_beside_v1(fares, has_v2=feed.fares_v2),
    ]
    files = [*([feed.stops.file] if feed.stops else []), *days.sources]
    sources = list(dict.fromkeys([*files, *service.sources, *fares.sources]))
    parts = Parts(name, feed, publisher, days, stops, service.trips, fares, service.lines)
    findings = list(dict.fromkeys(findings))  # the same missing file or sheet is said once
    if not has_error(findings):
        findings += [*check_services(parts), *check_revisions(parts)]
    if has_error(findings):
        return BuiltFeed(Tables(), findings, Reconciliation(), sources=sources)
    tables, provenance, checked = service.finish(parts)
    progress(name, 2, 3)
    register.retire_missing("stop", on=feed.period.start)
    findings += [*checked.findings, *register.findings]
    if registry and remember and not has_error(findings):
        register.write(registry / f"{name}.csv")
    progress(name, 3, 3)
    return BuiltFeed(tables, findings, checked, provenance, sources, register)
