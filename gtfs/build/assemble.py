"""Trips, stops, days and fares into the tables of GTFS."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gtfs.build.coverage import check_fares
from gtfs.build.japan import Translations
from gtfs.build.rows import (
    Row,
    agency_row,
    attribution_rows,
    feed_info_row,
    route_row,
    stop_rows,
    switched_rows,
    trip_rows,
)
from gtfs.build.shapes import FAR_OFF_ROUTE_M, OFF_ROUTE_M, Shape, cut, shape_id
from gtfs.days.calendar import calendar_tables
from gtfs.fares.rules import attribute_rows, rule_rows
from gtfs.feed.columns import chosen
from gtfs.feed.tables import Feed as Tables
from gtfs.notices import notice
from gtfs.stops.transfers import transfer_rows
from gtfs.timetable.trips import ALIGHT_ONLY, BOARD_ONLY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gtfs.build.parts import Parts
    from gtfs.timetable.trips import Integers, SourceTrip
    from pipeline.findings import Finding


def assemble(
    parts: Parts, source_trips: Sequence[SourceTrip]
) -> tuple[Tables, pd.DataFrame, list[Finding]]:
    """Put the tables of a feed together.

    Returns
    -------
    tables, provenance, findings
        `provenance` has a row per stop_time: trip_id, stop_sequence, file, sheet, arrival_cell,
        departure_cell; cells as :func:`gtfs.timetable.grid.cell_code` numbers them.
    """
    findings: list[Finding] = []
    calendar, calendar_dates = calendar_tables(parts.services, parts.regular)
    shapes = _shapes(parts, source_trips, findings)
    keys = [shape_id(t.route, t.direction, t.stop_ids) for t in source_trips]
    words = Translations()
    trips, ids = trip_rows(parts, source_trips, words, keys)
    stop_times, provenance = _stop_times(source_trips, ids, [shapes[key] for key in keys])
    tables: dict[str, pd.DataFrame] = {
        "calendar": calendar,
        "calendar_dates": calendar_dates,
        "stop_times": stop_times,
        "shapes": _shape_table(shapes.values()),
    }
    rows: dict[str, list[Row]] = {
        "agency": [agency_row(parts, words)],
        "stops": stop_rows(parts, set().union(*{t.stop_ids for t in source_trips}), words),
        "routes": [route_row(parts, i, r, words) for i, r in sorted(parts.feed.routes.items())],
        "trips": trips,
        "fare_attributes": attribute_rows(parts.fares, parts.feed.operator.id),
        "fare_rules": rule_rows(parts.fares),
        "feed_info": [feed_info_row(parts, words)],
        "attributions": attribution_rows(parts),
    }
    rows |= switched_rows(parts, rows["stops"])
    if parts.feed.transfers_within:
        used = [parts.stops.stops[row["stop_id"]] for row in rows["stops"]]
        rows["transfers"] = transfer_rows(used, parts.feed.transfers_within)
    rows["translations"] = words.rows
    tables |= {name: pd.DataFrame(table) for name, table in rows.items() if table}
    zones = {row["stop_id"]: row["zone_id"] for row in rows["stops"]}
    findings += check_fares(parts, source_trips, zones)
    return Tables(tables), provenance, findings


def _stop_times(
    trips: Sequence[SourceTrip], ids: list[str], shapes: Sequence[Shape]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    lengths = np.array([len(t.stop_ids) for t in trips], dtype=np.int64)
    owner = np.repeat(np.arange(len(trips)), lengths)
    sequence = np.arange(len(owner)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    is_last = sequence == lengths[owner] - 1
    limits = _joined([t.limits for t in trips])
    trip_ids = chosen(ids, owner)
    stop_times = pd.DataFrame(
        {
            "trip_id": trip_ids,
            "arrival_time": _joined([t.arrivals for t in trips]),
            "departure_time": _joined([t.departures for t in trips]),
            "stop_id": _stop_ids(trips),
            "stop_sequence": sequence + 1,
            "pickup_type": (is_last | (limits == ALIGHT_ONLY)).astype(np.int64),
            "drop_off_type": ((sequence == 0) | (limits == BOARD_ONLY)).astype(np.int64),
            "shape_dist_traveled": np.concatenate(
                [np.array([]), *(s.stop_distances for s in shapes)]
            ),
            "timepoint": np.concatenate(
                [np.array([], dtype=np.int64), *(t.exact.astype(np.int64) for t in trips)]
            ),
        }
    )
    provenance = pd.DataFrame(
        {
            "trip_id": trip_ids,
            "stop_sequence": sequence + 1,
            "file": chosen([t.file for t in trips], owner),
            "sheet": chosen([t.sheet for t in trips], owner),
            "arrival_cell": _joined([t.arrival_cells for t in trips]),
            "departure_cell": _joined([t.departure_cells for t in trips]),
        }
    )
    return stop_times, provenance


def _joined(arrays: list[Integers]) -> Integers:
    return np.concatenate([np.array([], dtype=np.int64), *arrays])


def _stop_ids(trips: Sequence[SourceTrip]) -> pd.Series:
    """Return the stop of every call; trips share patterns, so each pattern is looked up once."""
    known: dict[str, int] = {}
    patterns = {
        stops: np.array([known.setdefault(s, len(known)) for s in stops], dtype=np.int64)
        for stops in dict.fromkeys(t.stop_ids for t in trips)
    }
    return chosen(list(known), _joined([patterns[t.stop_ids] for t in trips]))


def _shapes(parts: Parts, trips: Sequence[SourceTrip], findings: list[Finding]) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    reported: set[tuple[str, str]] = set()
    for trip in trips:
        stop_ids = trip.stop_ids
        key = shape_id(trip.route, trip.direction, stop_ids)
        if key in shapes:
            continue
        found = [parts.stops.stops[s] for s in stop_ids]
        points = np.array([(s.lon, s.lat) for s in found])
        shapes[key] = cut(key, points, parts.lines.get(trip.route))
        findings += _off_route(parts, trip.route, stop_ids, shapes[key], reported)
    findings += _without_line(parts, sorted({t.route for t in trips} - set(parts.lines)))
    return shapes


def _without_line(parts: Parts, routes: Sequence[str]) -> list[Finding]:
    """Return a finding per kind of trouble that routes without a line have, at the first route."""
    by_code: dict[str, list[str]] = defaultdict(list)
    for route_id in routes:
        route = parts.feed.routes[route_id]
        mode = route.mode or parts.feed.mode
        code = "sea-lane-missing" if mode == "ferry" else "line-straight"
        by_code["hail-without-line" if route.hail else code].append(route_id)
    return [
        notice(code, field=f"routes.{found[0]}.line", count=len(found))
        for code, found in by_code.items()
    ]


def _off_route(
    parts: Parts,
    route_id: str,
    stop_ids: Sequence[str],
    shape: Shape,
    reported: set[tuple[str, str]],
) -> list[Finding]:
    findings = []
    line = parts.feed.routes[route_id].line
    for stop_id, offset in zip(stop_ids, shape.offsets, strict=True):
        if offset <= OFF_ROUTE_M or (route_id, stop_id) in reported:
            continue
        reported.add((route_id, stop_id))
        findings.append(
            notice(
                "stop-far-off-route" if offset > FAR_OFF_ROUTE_M else "stop-off-route",
                file=line.file if line else "",
                feature=parts.stops.stops[stop_id].name,
                field=route_id,
                metres=round(offset),
            )
        )
    return findings


def _shape_table(shapes: Iterable[Shape]) -> pd.DataFrame:
    frames = [
        pd.DataFrame(
            {
                "shape_id": shape.id,
                "shape_pt_lat": shape.points[:, 1],
                "shape_pt_lon": shape.points[:, 0],
                "shape_pt_sequence": np.arange(1, 1 + len(shape.points)),
                "shape_dist_traveled": shape.distances,
            }
        )
        for shape in shapes
    ]
    return pd.concat(frames) if frames else pd.DataFrame()
