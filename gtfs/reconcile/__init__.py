"""A feed held against its sources: every time, every fare, every day.

The cells are read a second time and by other means than the build: .xlsx from its XML, where a
time is a serial number, and with a reading of times and prices of its own. What is compared is the
finished tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtfs.reconcile.days import compare_days
from gtfs.reconcile.fares import compare_fares
from gtfs.reconcile.limits import compare_limits
from gtfs.reconcile.poles import compare_poles, pole_trips
from gtfs.reconcile.result import Reconciliation, place_finding
from gtfs.reconcile.secondreader import SecondReaders
from gtfs.reconcile.times import compare_times

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pandas as pd

    from gtfs.build.parts import Parts
    from gtfs.feed.tables import Feed as Tables
    from gtfs.timetable.read import MatrixArea

__all__ = ["Reconciliation", "place_finding", "reconcile"]


def reconcile(
    parts: Parts, tables: Tables, provenance: pd.DataFrame, areas: Iterable[MatrixArea], root: Path
) -> Reconciliation:
    """Compare a finished feed with its sources; every difference is a finding of severity error."""
    result = Reconciliation()
    readers = SecondReaders(root)
    poles = pole_trips(parts, tables)
    stop_times = tables["stop_times"]
    rows = stop_times[~stop_times["trip_id"].isin(poles)]
    at = provenance[~provenance["trip_id"].isin(poles)]
    compare_times(parts, rows, at, areas, readers, result)
    compare_poles(parts, stop_times, provenance, poles, readers, result)
    compare_limits(parts, stop_times, provenance, readers, result)
    compare_fares(parts, tables, readers, result)
    compare_days(parts, tables, result)
    return result
