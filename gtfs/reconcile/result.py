"""How a feed compares with its sources, as counts and findings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gtfs.notices import notice

if TYPE_CHECKING:
    from gtfs.reconcile.places import Place
    from pipeline.findings import Finding


@dataclass(slots=True)
class Reconciliation:
    """How a feed compares with its sources.

    Attributes
    ----------
    time_cells, time_cells_matched
        Cells of the matrices that hold a time, and those that are exactly one stop_time of the
        same time.
    stop_times, stop_times_matched
        Rows of ``stop_times``, and those that stand in a cell.
    fare_cells, fare_cells_matched
        Prices of the sources, and those the feed gives for the same ride.
    service_days, service_days_matched
        Days times services, and those on which the feed says the same as the declaration.
    """

    time_cells: int = 0
    time_cells_matched: int = 0
    stop_times: int = 0
    stop_times_matched: int = 0
    fare_cells: int = 0
    fare_cells_matched: int = 0
    service_days: int = 0
    service_days_matched: int = 0
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, int]:
        """Return the counts, JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "findings"}


def place_finding(code: str, place: Place, **details: object) -> Finding:
    """Make a finding about a cell."""
    file, sheet, cell = place
    return notice(code, file=file, sheet=sheet, cell=cell, **details)
