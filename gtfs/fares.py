"""Reading fares: one price, a table by category, zones, 三角表."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gtfs.errors import TimetableUnreadable
from gtfs.farerules import Category, FareRule, Fares
from gtfs.notices import notice
from gtfs.timetable.grid import cell_name
from gtfs.timetable.ledger import read_ledger
from gtfs.triangle import read_triangle
from pipeline.config.fares import FlatFare, TriangleFare, ZoneFare

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gtfs.stops import StopLedger
    from gtfs.timetable.ledger import Record
    from pipeline.config.fares import Fare, FareTable
    from pipeline.findings import Finding


def read_fares(
    declared: Iterable[Fare], root: Path, stops: StopLedger, routes: Iterable[str]
) -> Fares:
    """Read the fares of a feed.

    Parameters
    ----------
    declared
        The declaration, in order.
    root
        Folder its files are relative to.
    stops
        Stops with their zones.
    routes
        Ids of all routes: a fare that names none is valid on all.
    """
    fares = Fares()
    everywhere = list(routes)
    for fare in declared:
        on_routes = list(fare.routes) or everywhere
        before = len(fares.rules)
        try:
            _read(fare, root, stops, on_routes, fares)
        except TimetableUnreadable as unreadable:
            fares.findings.append(unreadable.finding)
        if fare.paid == "before_boarding":
            fares.paid_before.update(rule.price for rule in fares.rules[before:])
    return fares


def _read(fare: Fare, root: Path, stops: StopLedger, routes: list[str], fares: Fares) -> None:
    match fare:
        case FlatFare(table=None):
            assert fare.price is not None
            fares.rules += [FareRule(fare.price, route) for route in routes]
            if fare.child is not None:
                fares.categories += [Category(r, "小児", "Child", fare.child, True) for r in routes]
        case FlatFare(table=table):
            assert table is not None
            _read_categories(table, root, routes, fares)
        case TriangleFare():
            read_triangle(fare, root, stops, routes, fares)
        case ZoneFare():
            _read_zones(fare, root, stops, routes, fares)


def _read_categories(table: FareTable, root: Path, routes: list[str], fares: Fares) -> None:
    records = read_ledger(root, table, (table.category, table.price))
    fares.sources.append(table.file)
    names = [record.text(table.category) for record in records]
    if table.adult not in names:
        fares.findings.append(
            notice(
                "fare-category-missing",
                file=table.file,
                sheet=table.sheet,
                field=table.category,
                value=table.adult,
                categories="、".join(names),
            )
        )
    for record, name in zip(records, names, strict=True):
        price = _price(record, table.price, fares.findings)
        if price is None:
            continue
        if name == table.adult:
            fares.rules += [_rule(record, table.price, price, route) for route in routes]
            continue
        child = name == table.child
        english = table.english.get(name, "Child" if child else "")
        fares.categories += [Category(route, name, english, price, child) for route in routes]


def _price(record: Record, header: str, findings: list[Finding]) -> int | None:
    price = record.number(header)
    if price is None or price < 0 or price != int(price):
        findings.append(record.finding("fare-unreadable", header))
        return None
    return int(price)


def _rule(
    record: Record, header: str, price: int, route: str, origin: str = "", destination: str = ""
) -> FareRule:
    cell = cell_name(record.row - 1, record.columns[header])
    return FareRule(price, route, origin, destination, record.file, record.sheet, cell)


def _read_zones(
    fare: ZoneFare, root: Path, stops: StopLedger, routes: list[str], fares: Fares
) -> None:
    records = read_ledger(root, fare, (fare.origin, fare.destination, fare.price))
    fares.sources.append(fare.file)
    known = {stop.zone for stop in stops.stops.values()}
    for record in records:
        price = _price(record, fare.price, fares.findings)
        pair = (record.text(fare.origin), record.text(fare.destination))
        for header, zone in zip((fare.origin, fare.destination), pair, strict=True):
            if zone not in known:
                fares.findings.append(record.finding("zone-unknown", header))
        if price is None:
            continue
        pairs = {pair, pair[::-1]} if fare.both_ways else {pair}
        fares.rules += [
            _rule(record, fare.price, price, route, *p) for route in routes for p in sorted(pairs)
        ]
