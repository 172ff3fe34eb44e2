"""三角表: fares between the stops of a route, as a triangle on a sheet."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from gtfs.fares.rules import FareRule, Fares
from gtfs.notices import notice
from gtfs.stops.poles import FareZone, fare_zone
from gtfs.timetable.clock import plain
from gtfs.timetable.grid import cell_name, corners, open_book
from gtfs.timetable.lines import line_index, show
from pipeline.findings import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from gtfs.stops.poles import StopLedger
    from gtfs.timetable.grid import Grid
    from pipeline.config.fares import TriangleFare


def read_triangle(
    fare: TriangleFare, root: Path, stops: StopLedger, routes: list[str], fares: Fares
) -> None:
    """Read the triangle of adults, and those of riders that have their own."""
    fares.sources.append(fare.file)
    fares.rules += _read(fare, root, stops, routes, fares)
    for name, rider in fare.riders.items():
        if rider.fares:
            sheet = rider.sheet or fare.sheet
            own = fare.model_copy(update={"fares": rider.fares, "sheet": sheet})
            fares.riders[name] = rider.title
            rules = _read(own, root, stops, routes, fares)
            fares.others += [replace(rule, rider=name) for rule in rules]


def _read(
    fare: TriangleFare, root: Path, stops: StopLedger, routes: list[str], fares: Fares
) -> list[FareRule]:
    grid = open_book(root, fare.file, encoding=fare.encoding).grid(fare.sheet)
    first_row, first_column, last_row, _ = corners(fare.fares)
    rows = range(first_row, 1 + (grid.height - 1 if last_row is None else last_row))
    zones = [_triangle_zone(grid, row, fare, stops, fares.findings) for row in rows]
    fares.zones |= {stop: zone.id for zone in zones if zone for stop in zone.stops}
    ids = [zone.id if zone else "" for zone in zones]
    read = Fares()
    for lower, row in enumerate(rows):
        for upper in range(len(ids)):
            pair = (ids[upper], ids[lower])
            if all(pair) and upper != lower:
                place = (row, first_column + upper)
                pairs = (pair, pair[::-1]) if fare.both_ways else (pair,)
                expected = upper < lower
                _add_pair(read, grid, place, pairs, routes=routes, expected=expected)
    fares.findings += read.findings
    kept, dropped = _decided(read.rules, fare)
    fares.superseded += dropped
    fares.findings += _superseded(kept, dropped)
    return kept


def _triangle_zone(
    grid: Grid, row: int, fare: TriangleFare, stops: StopLedger, findings: list[Finding]
) -> FareZone | None:
    column = line_index(fare.stops)
    name = show(grid.at(row, column)).strip()
    pole = show(grid.at(row, line_index(fare.poles))).strip() if fare.poles else ""
    found = fare_zone(stops, name, pole) if name else None
    if not isinstance(found, Finding):
        return found
    findings.append(
        notice(
            found.code,
            file=grid.file,
            sheet=grid.sheet,
            cell=cell_name(row, column),
            value=name,
            pole=pole,
        )
    )
    return None


def _add_pair(
    fares: Fares,
    grid: Grid,
    place: tuple[int, int],
    pairs: tuple[tuple[str, str], ...],
    *,
    routes: list[str],
    expected: bool,
) -> None:
    cell = grid.at(*place)
    where = (grid.file, grid.sheet, cell_name(*place))
    word = plain(show(cell)).replace(",", "").removesuffix("円")
    if word.isdigit():
        price = int(word)
        fares.rules += [
            FareRule(price, r, o, d, *where, said=price) for r in routes for o, d in pairs
        ]
    elif expected:
        code = "fare-unreadable" if word else "fare-missing"
        file, sheet, name = where
        fares.findings.append(notice(code, value=show(cell), file=file, sheet=sheet, cell=name))


def _decided(rules: list[FareRule], fare: TriangleFare) -> tuple[list[FareRule], list[FareRule]]:
    """Keep one fare per ride where the declaration says which of two counts, and the others."""
    if fare.repeats == "refuse":
        return rules, []
    choose = min if fare.repeats == "lowest" else max
    prices: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for rule in rules:
        prices[rule.route, rule.origin, rule.destination].add(rule.price)
    kept: list[FareRule] = []
    dropped: list[FareRule] = []
    for rule in rules:
        counts = choose(prices[rule.route, rule.origin, rule.destination])
        (kept if rule.price == counts else dropped).append(rule)
    return kept, dropped


def _superseded(kept: list[FareRule], dropped: list[FareRule]) -> list[Finding]:
    if not dropped:
        return []
    first = dropped[0]
    ride = (first.route, first.origin, first.destination)
    counts = next(r.price for r in kept if (r.route, r.origin, r.destination) == ride)
    return [
        notice(
            "fare-superseded",
            file=first.file,
            sheet=first.sheet,
            cell=first.cell,
            value=first.price,
            count=len(dropped),
            counts=counts,
        )
    ]
