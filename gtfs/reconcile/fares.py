"""Every fare of the sources held against the feed, for every rider, and the other way round.

The cells are read again, percentages are worked out again by another arithmetic, and the tables
are read as a consumer reads them: Fares v1 by rules of zones, Fares v2 by networks and areas.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gtfs.notices import notice
from gtfs.reconcile.secondreader import yen_of
from gtfs.timetable.grid import COLUMNS, cell_code, code_name, corners
from pipeline.config.fares import ADULT, FlatFare, TriangleFare

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gtfs.build.parts import Parts
    from gtfs.fares.rules import FareRule
    from gtfs.feed.tables import Feed as Tables
    from gtfs.reconcile.result import Reconciliation
    from gtfs.reconcile.secondreader import SecondReaders
    from pipeline.config.fares import Fare, Rider
    from pipeline.findings import Finding

Ride = tuple[str, str, str]
"""Route, and zones or areas; empty: any."""
Given = dict[tuple[str, Ride], set[float]]
"""Prices by rider and ride."""


def compare_fares(
    parts: Parts, tables: Tables, readers: SecondReaders, result: Reconciliation
) -> None:
    """Count the prices of the sources and those the feed gives for the same ride and rider."""
    given = [_by_rules(tables)] + ([_by_products(tables)] if parts.feed.fares_v2 else [])
    rules = [*parts.fares.rules, *(parts.fares.others if parts.feed.fares_v2 else ())]
    expected: set[tuple[str, Ride]] = set()
    check = _SecondPrices(parts, readers)
    for rule in rules:
        key = (rule.rider, (rule.route, rule.origin, rule.destination))
        expected.add(key)
        result.fare_cells += 1
        forms = given if rule.rider == ADULT else given[1:]
        if all(form.get(key) == {rule.price} for form in forms) and check.agrees(rule):
            result.fare_cells_matched += 1
        else:
            result.findings.append(_not_in_feed(rule))
    extra = sorted({key for form in given for key in form} - expected)
    result.findings += [
        notice("fare-not-in-source", ride=" ".join((rider, *ride)).strip()) for rider, ride in extra
    ]
    unused = check.unused()
    result.fare_cells += len(unused)
    result.findings += unused


def _not_in_feed(rule: FareRule) -> Finding:
    place = {"file": rule.file, "sheet": rule.sheet, "cell": rule.cell, "value": rule.price}
    who = "" if rule.rider == ADULT else rule.rider
    ride = " ".join(filter(None, (who, rule.route, rule.origin, rule.destination)))
    return notice("fare-not-in-feed", ride=ride, **place)


def _by_rules(tables: Tables) -> Given:
    """Return the prices of Fares v1, which are those of adults."""
    attributes = tables.table("fare_attributes", "fare_id", "price")
    prices = dict(zip(attributes["fare_id"], attributes["price"], strict=True))
    rules = tables.table("fare_rules", "fare_id", "route_id", "origin_id", "destination_id")
    given: Given = defaultdict(set)
    for rule in rules.itertuples(index=False):
        ride = (rule.route_id, rule.origin_id, rule.destination_id)
        given[ADULT, ride].add(prices.get(rule.fare_id, -1.0))
    return given


def _by_products(tables: Tables) -> Given:
    """Return the prices of Fares v2."""
    products = tables.table("fare_products", "fare_product_id", "rider_category_id", "amount")
    amounts: dict[str, set[tuple[str, float]]] = defaultdict(set)
    for row in products.itertuples(index=False):
        amounts[row.fare_product_id].add((row.rider_category_id, float(row.amount)))
    routes: dict[str, list[str]] = defaultdict(list)
    for row in tables.table("route_networks", "network_id", "route_id").itertuples(index=False):
        routes[row.network_id].append(row.route_id)
    columns = ("network_id", "from_area_id", "to_area_id", "fare_product_id")
    given: Given = defaultdict(set)
    for row in tables.table("fare_leg_rules", *columns).itertuples(index=False):
        for route in routes[row.network_id]:
            for rider, amount in amounts[row.fare_product_id]:
                given[rider, (route, row.from_area_id, row.to_area_id)].add(amount)
    return given


class _SecondPrices:
    """The prices of the sources, read and worked out a second time."""

    def __init__(self, parts: Parts, readers: SecondReaders) -> None:
        self._readers = readers
        self._declared = parts.feed.fares
        self._encodings = dict(_encodings(parts.feed.fares))
        self._adults = {(r.route, r.origin, r.destination): r.price for r in parts.fares.rules}
        rules = (*parts.fares.rules, *parts.fares.others, *parts.fares.superseded)
        self._used = {(r.file, r.sheet, r.cell) for r in rules}
        self._sheets = {r.file: r.sheet for r in rules}

    def _cells(self, file: str, sheet: str) -> Mapping[int, object]:
        return self._readers[file, self._encodings[file]].sheet(sheet)

    def agrees(self, rule: FareRule) -> bool:
        """Tell whether the cell of a price leads to it; a declared price has no cell."""
        if rule.cell:
            row, column, _, _ = corners(rule.cell)
            if yen_of(self._cells(rule.file, rule.sheet).get(cell_code(row, column))) != rule.said:
                return False
        ride = (rule.route, rule.origin, rule.destination)
        if rule.plus and rule.plus != self._adults.get(ride):
            return False
        ways = {
            _worked_out(fare.riders, rule.rider, rule.said)
            for fare in self._declared
            if rule.rider in fare.riders and (not fare.routes or rule.route in fare.routes)
        }
        return rule.price in (ways or {rule.said + rule.plus})

    def unused(self) -> list[Finding]:
        """Return a finding per price inside a triangle that became no fare."""
        found = []
        for fare in self._declared:
            if not isinstance(fare, TriangleFare) or fare.file not in self._sheets:
                continue
            own = [(r.sheet or fare.sheet, r.fares) for r in fare.riders.values() if r.fares]
            for sheet, area in [(fare.sheet, fare.fares), *own]:
                name = sheet or self._sheets[fare.file]
                found += [
                    notice("fare-cell-unused", file=fare.file, sheet=name, cell=cell, value=value)
                    for cell, value in _prices(self._cells(fare.file, name), area)
                    if (fare.file, name, cell) not in self._used
                ]
        return found


def _encodings(fares: Iterable[Fare]) -> Iterator[tuple[str, str]]:
    for fare in fares:
        match fare:
            case FlatFare(table=None):
                continue
            case FlatFare(table=table):
                assert table is not None
                yield table.file, table.encoding
            case _:
                yield fare.file, fare.encoding


def _worked_out(riders: Mapping[str, Rider], name: str, said: int) -> int:
    """Return what riders pay whose fare is made from a cell that says `said` yen."""
    rider = riders.get(name)
    if rider is None or rider.column or rider.fares:
        return said
    if rider.price is not None:
        return rider.price
    base = _worked_out(riders, rider.of, said)
    if rider.adds is not None:
        return base + rider.adds
    assert rider.percent is not None
    units, odd = divmod(base * rider.percent, 100 * rider.round_to)
    up = {"up": odd > 0, "down": False, "nearest": 2 * odd >= 100 * rider.round_to}
    return (units + up[rider.rounding]) * rider.round_to


def _prices(cells: Mapping[int, object], area: str) -> Iterator[tuple[str, int]]:
    """Yield the cells of a triangle that hold a price, those of a stop and itself left out."""
    row, column, last_row, last_column = corners(area)
    rows = 1 + (max(cells, default=0) // COLUMNS if last_row is None else last_row) - row
    width = rows if last_column is None else 1 + last_column - column
    for code, value in cells.items():
        r, c = divmod(code, COLUMNS)
        inside = 0 <= r - row < rows and 0 <= c - column < width
        yen = yen_of(value) if inside and r - row != c - column else None
        if yen is not None:
            yield code_name(code), yen
