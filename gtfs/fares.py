"""Fares: one price, 三角表, zones, into ``fare_attributes`` and ``fare_rules``."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gtfs.errors import TimetableUnreadable
from gtfs.notices import notice
from gtfs.timetable.clock import plain
from gtfs.timetable.grid import cell_name, corners, open_book
from gtfs.timetable.ledger import read_ledger
from gtfs.timetable.matrix import line_index, show
from pipeline.config.fares import FlatFare, TriangleFare, ZoneFare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from gtfs.stops import StopLedger
    from gtfs.timetable.grid import Grid
    from gtfs.timetable.ledger import Record
    from pipeline.config.fares import Fare, FareTable
    from pipeline.findings import Finding


@dataclass(frozen=True, slots=True)
class FareRule:
    """A price for rides on a route, between two zones where they are named.

    Attributes
    ----------
    price
        Adult fare in yen.
    route
        Route id.
    origin, destination
        Zone ids; empty: any.
    file, sheet, cell
        Where the price stands; `cell` is empty for a price in the declaration.
    """

    price: int
    route: str
    origin: str = ""
    destination: str = ""
    file: str = ""
    sheet: str = ""
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """A fare beside the adult one that Fares v1 cannot express: 小児, 自転車."""

    route: str
    name: str
    english: str
    price: int
    child: bool


@dataclass(slots=True)
class Fares:
    """All fares of a feed.

    Attributes
    ----------
    rules
        Every price with its place.
    categories
        Other fares, published as text and, on demand, as Fares v2.
    zones
        Zone id of each stop for which the fares decide it.
    paid_before
        Prices that are paid before boarding.
    """

    rules: list[FareRule] = field(default_factory=list)
    categories: list[Category] = field(default_factory=list)
    zones: dict[str, str] = field(default_factory=dict)
    paid_before: set[int] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


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
            _read_triangle(fare, root, stops, routes, fares)
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


def _rule(record: Record, header: str, price: int, route: str, *pair: str) -> FareRule:
    cell = cell_name(record.row - 1, record.columns[header])
    return FareRule(price, route, *(pair or ("", "")), record.file, record.sheet, cell)


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


def _read_triangle(
    fare: TriangleFare, root: Path, stops: StopLedger, routes: list[str], fares: Fares
) -> None:
    grid = open_book(root, fare.file, encoding=fare.encoding).grid(fare.sheet)
    fares.sources.append(fare.file)
    first_row, first_column, last_row, _ = corners(fare.fares)
    rows = range(first_row, 1 + (grid.height - 1 if last_row is None else last_row))
    ids = [_triangle_stop(grid, row, fare, stops, fares.findings) for row in rows]
    for stop_id in filter(None, ids):
        fares.zones[stop_id] = stop_id
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
    fares.rules += _decided(read.rules, fare, fares.findings)


def _triangle_stop(
    grid: Grid, row: int, fare: TriangleFare, stops: StopLedger, findings: list[Finding]
) -> str:
    column = line_index(fare.stops)
    name = show(grid.at(row, column)).strip()
    pole = show(grid.at(row, line_index(fare.poles))).strip() if fare.poles else ""
    found = stops.resolve(name, pole) if name else ""
    if isinstance(found, str):
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
    return ""


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
    where = {"file": grid.file, "sheet": grid.sheet, "cell": cell_name(*place)}
    word = plain(show(cell)).replace(",", "").removesuffix("円")
    if word.isdigit():
        price = int(word)
        fares.rules += [FareRule(price, r, o, d, **where) for r in routes for o, d in pairs]
    elif expected:
        code = "fare-unreadable" if word else "fare-missing"
        fares.findings.append(notice(code, value=show(cell), **where))


def _decided(rules: list[FareRule], fare: TriangleFare, findings: list[Finding]) -> list[FareRule]:
    """Keep one fare per ride where the declaration says which of two counts; report the other."""
    if fare.repeats == "refuse":
        return rules
    choose = min if fare.repeats == "lowest" else max
    prices: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    for rule in rules:
        prices[rule.route, rule.origin, rule.destination].add(rule.price)
    kept, dropped = [], []
    for rule in rules:
        counts = choose(prices[rule.route, rule.origin, rule.destination])
        (kept if rule.price == counts else dropped).append(rule)
    if dropped:
        first = dropped[0]
        findings.append(
            notice(
                "fare-superseded",
                file=first.file,
                sheet=first.sheet,
                cell=first.cell,
                value=first.price,
                count=len(dropped),
                counts=choose(prices[first.route, first.origin, first.destination]),
            )
        )
    return kept


def fare_id(price: int) -> str:
    """Return the id of a price: lasting, because a price is what it names."""
    return f"fare_{price}"


def attribute_rows(fares: Fares, agency_id: str) -> list[dict[str, object]]:
    """Return the rows of ``fare_attributes``: one per price, free rides included."""
    return [
        {
            "fare_id": fare_id(price),
            "price": str(price),
            "currency_type": "JPY",
            "payment_method": int(price in fares.paid_before),
            "transfers": 0,
            "agency_id": agency_id,
        }
        for price in sorted({rule.price for rule in fares.rules})
    ]


def rule_rows(fares: Fares) -> list[dict[str, object]]:
    """Return the rows of ``fare_rules``, each once."""
    keys = sorted({(r.price, r.route, r.origin, r.destination) for r in fares.rules})
    return [
        {
            "fare_id": fare_id(price),
            "route_id": route,
            "origin_id": origin,
            "destination_id": destination,
        }
        for price, route, origin, destination in keys
    ]


def conflicts(fares: Fares) -> list[Finding]:
    """Return a finding for every pair of zones for which two cells give different fares."""
    first: dict[tuple[str, str, str], FareRule] = {}
    found: dict[tuple[str, str, str], Finding] = {}
    for rule in fares.rules:
        key = (rule.route, rule.origin, rule.destination)
        other = first.setdefault(key, rule)
        if other.price != rule.price and key[::-1] not in found:
            found.setdefault(
                key,
                notice(
                    "fare-conflict",
                    file=rule.file,
                    sheet=rule.sheet,
                    cell=rule.cell,
                    value=rule.price,
                    other=other.price,
                    other_cell=f"{other.sheet} {other.cell}",
                    origin=rule.origin,
                    destination=rule.destination,
                ),
            )
    return list(found.values())


def category_text(categories: Iterable[Category], language: str) -> str:
    """Return the other fares as a sentence for passengers, e.g. ``小児 50円、自転車 50円``."""
    if language == "ja":
        return "、".join(f"{c.name} {c.price}円" for c in categories)
    return ", ".join(f"{c.english} {c.price} yen" for c in categories if c.english)


def fares_v2(fares: Fares, names: Mapping[str, str]) -> dict[str, list[dict[str, object]]]:
    """Return Fares v2 tables with an adult and a child category for flat fares.

    Parameters
    ----------
    names
        Title of each route, for the names of networks.
    """
    flat = [rule for rule in fares.rules if not rule.origin]
    if not flat:
        return {}
    child = {c.route: c.price for c in fares.categories if c.child}
    prices = [(rule.route, "adult", rule.price) for rule in flat]
    prices += [(route, "child", price) for route, price in child.items()]
    riders = [("adult", "大人", 1), ("child", "小児", 0)][: 2 if child else 1]
    return {
        "rider_categories": [
            {"rider_category_id": i, "rider_category_name": n, "is_default_fare_category": d}
            for i, n, d in riders
        ],
        "fare_products": [
            {
                "fare_product_id": f"single_{route}",
                "rider_category_id": rider,
                "amount": str(price),
                "currency": "JPY",
            }
            for route, rider, price in sorted(prices)
        ],
        "networks": [{"network_id": r.route, "network_name": names[r.route]} for r in flat],
        "route_networks": [{"network_id": r.route, "route_id": r.route} for r in flat],
        "fare_leg_rules": [
            {"network_id": r.route, "fare_product_id": f"single_{r.route}"} for r in flat
        ],
    }
