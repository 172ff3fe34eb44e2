"""Reading fares: one price, a table by category, zones, 三角表."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gtfs.errors import TimetableUnreadable
from gtfs.fares.riders import derived, described, missing, rider_id
from gtfs.fares.rules import Category, FareRule, Fares
from gtfs.fares.triangle import read_triangle
from gtfs.notices import notice
from gtfs.timetable.grid import cell_name
from gtfs.timetable.ledger import read_ledger
from pipeline.config.base import Text
from pipeline.config.fares import FlatFare, TriangleFare, ZoneFare

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from gtfs.stops.poles import StopLedger
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
        read = Fares()
        try:
            _read(fare, root, stops, on_routes, read)
        except TimetableUnreadable as unreadable:
            read.findings.append(unreadable.finding)
        _take(read, fare, on_routes, fares)
    return fares


def _take(read: Fares, fare: Fare, routes: list[str], fares: Fares) -> None:
    """Add what one declared fare says, with the prices of its riders worked out."""
    own = {name: [r for r in read.others if r.rider == name] for name in read.riders}
    fares.findings += [*read.findings, *missing(fare.riders, read.rules, own)]
    others = [*read.others, *derived(fare.riders, read.rules, own)]
    fares.rules += [replace(rule, media=fare.media) for rule in read.rules]
    fares.others += [replace(rule, media=fare.media) for rule in dict.fromkeys(others)]
    fares.riders |= read.riders | {name: rider.title for name, rider in fare.riders.items()}
    fares.categories += [*read.categories, *described(fare.riders, routes)]
    fares.superseded += read.superseded
    fares.zones |= read.zones
    fares.sources += read.sources
    if fare.paid == "before_boarding":
        fares.paid_before.update(rule.price for rule in read.rules)


def _read(fare: Fare, root: Path, stops: StopLedger, routes: list[str], fares: Fares) -> None:
    match fare:
        case FlatFare(table=None):
            assert fare.price is not None
            fares.rules += [FareRule(fare.price, route, said=fare.price) for route in routes]
            if fare.child is not None:
                _add_child(fare.child, routes, fares)
        case FlatFare(table=table):
            assert table is not None
            _read_categories(table, root, routes, fares)
        case TriangleFare():
            read_triangle(fare, root, stops, routes, fares)
        case ZoneFare():
            _read_zones(fare, root, stops, routes, fares)


def _add_child(price: int, routes: list[str], fares: Fares) -> None:
    fares.riders["child"] = Text(ja="小児", en="Child")
    fares.others += [FareRule(price, route, rider="child", said=price) for route in routes]
    words = Text(ja=f"小児 {price}円", en=f"Child {price} yen")
    fares.categories += [Category(route, "小児", words) for route in routes]


def _read_categories(table: FareTable, root: Path, routes: list[str], fares: Fares) -> None:
    records = read_ledger(root, table, (table.category, table.price))
    fares.sources.append(table.file)
    prices = {
        record.text(table.category): (record, _price(record, table.price, fares.findings))
        for record in records
    }
    for name in (table.adult, *filter(None, (table.child,)), *table.riders, *table.extras):
        if name not in prices:
            fares.findings.append(
                notice(
                    "fare-category-missing",
                    file=table.file,
                    sheet=table.sheet,
                    field=table.category,
                    value=name,
                    categories="、".join(prices),
                )
            )
    adult = prices.get(table.adult, (None, None))[1]
    for name, (record, price) in prices.items():
        if price is None:
            continue
        if name == table.adult:
            fares.rules += [_rule(record, table.price, price, route) for route in routes]
            continue
        _add_category(table, name, price, routes, fares)
        if name in table.extras and adult is not None:
            _add_rider(table, name, (record, price), routes, fares, plus=adult)
        elif name == table.child or name in table.riders:
            _add_rider(table, name, (record, price), routes, fares)


def _add_category(table: FareTable, name: str, price: int, routes: list[str], fares: Fares) -> None:
    english = table.english.get(name, "Child" if name == table.child else "")
    words = Text(ja=f"{name} {price}円", en=english and f"{english} {price} yen")
    published = name == table.child or name in (*table.riders, *table.extras)
    fares.categories += [Category(route, name, words, published) for route in routes]


def _add_rider(
    table: FareTable,
    name: str,
    found: tuple[Record, int],
    routes: list[str],
    fares: Fares,
    *,
    plus: int = 0,
) -> None:
    """Add a category of the table as riders; those who bring something pay `plus` as well."""
    record, price = found
    english = table.english.get(name, "")
    rider = "child" if name == table.child else rider_id(name, english)
    brings = name in table.extras
    fares.riders[rider] = Text(ja=f"大人（{name}あり）" if brings else name, en=english)
    rules = [_rule(record, table.price, price, route) for route in routes]
    fares.others += [replace(r, rider=rider, price=price + plus, plus=plus) for r in rules]


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
    where = (record.file, record.sheet, cell)
    return FareRule(price, route, origin, destination, *where, said=price)


def _read_zones(
    fare: ZoneFare, root: Path, stops: StopLedger, routes: list[str], fares: Fares
) -> None:
    columns = {name: rider.column for name, rider in fare.riders.items() if rider.column}
    headers = (fare.origin, fare.destination, fare.price, *columns.values())
    records = read_ledger(root, fare, headers)
    fares.sources.append(fare.file)
    known = {stop.zone for stop in stops.stops.values()}
    for record in records:
        price = _price(record, fare.price, fares.findings)
        pair = (record.text(fare.origin), record.text(fare.destination))
        for header, zone in zip((fare.origin, fare.destination), pair, strict=True):
            if zone not in known:
                fares.findings.append(record.finding("zone-unknown", header))
        pairs = sorted({pair, pair[::-1]}) if fare.both_ways else [pair]
        rides = [(route, *p) for route in routes for p in pairs]
        if price is not None:
            fares.rules += [_rule(record, fare.price, price, *ride) for ride in rides]
        for rider, header in columns.items():
            fares.riders[rider] = fare.riders[rider].title
            price = _price(record, header, fares.findings)
            if price is not None:
                own = [_rule(record, header, price, *ride) for ride in rides]
                fares.others += [replace(rule, rider=rider) for rule in own]
