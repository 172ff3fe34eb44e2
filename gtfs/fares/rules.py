"""Fares as the feed holds them: prices for rides, and what Fares v1 cannot say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gtfs.notices import notice
from pipeline.config.fares import ADULT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.config.base import Text
    from pipeline.findings import Finding


@dataclass(frozen=True, slots=True)
class FareRule:
    """A price for rides on a route, between two zones where they are named.

    Attributes
    ----------
    price
        In yen.
    route
        Route id.
    origin, destination
        Zone ids; empty: any.
    file, sheet, cell
        Where the price stands, or that it is made from; `cell` is empty for a price in the
        declaration.
    rider
        Whose fare it is.
    media
        What it can be paid with.
    said, plus
        The yen its cell says, and what is paid on top of them: the fare of the passenger who
        brings a bicycle.
    """

    price: int
    route: str
    origin: str = ""
    destination: str = ""
    file: str = ""
    sheet: str = ""
    cell: str = ""
    rider: str = ADULT
    media: tuple[str, ...] = ()
    said: int = 0
    plus: int = 0


@dataclass(frozen=True, slots=True)
class Category:
    """A fare beside the adult one, in words for the passengers of a route.

    Attributes
    ----------
    name
        What it is called: 小児, 自転車.
    text
        Name and price, or the rule by which it is priced.
    published
        Whether Fares v2 can say it; otherwise it is text alone.
    """

    route: str
    name: str
    text: Text
    published: bool = True


@dataclass(slots=True)
class Fares:
    """All fares of a feed.

    Attributes
    ----------
    rules
        Every price for adults with its place.
    others
        Every price for other riders with its place, published as Fares v2 on demand.
    riders
        Titles of the riders of `others` by their ids.
    categories
        The same in words, and what no form of GTFS can say.
    superseded
        Prices that were read and do not count, because another for the same ride does.
    zones
        Zone id of each stop for which the fares decide it.
    paid_before
        Prices that are paid before boarding.
    """

    rules: list[FareRule] = field(default_factory=list)
    others: list[FareRule] = field(default_factory=list)
    riders: dict[str, Text] = field(default_factory=dict)
    categories: list[Category] = field(default_factory=list)
    superseded: list[FareRule] = field(default_factory=list)
    zones: dict[str, str] = field(default_factory=dict)
    paid_before: set[int] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)


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
    first: dict[tuple[str, str, str, str], FareRule] = {}
    found: dict[tuple[str, str, str, str], Finding] = {}
    for rule in (*fares.rules, *fares.others):
        key = (rule.rider, rule.route, rule.origin, rule.destination)
        way_back = (rule.rider, rule.route, rule.destination, rule.origin)
        other = first.setdefault(key, rule)
        if other.price != rule.price and way_back not in found:
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
    texts = [c.text.ja if language == "ja" else c.text.en for c in categories]
    return ("、" if language == "ja" else ", ").join(text for text in texts if text)


def said_beside_v1(fares: Fares, *, has_v2: bool) -> list[Finding]:
    """Return what Fares v1, which knows adults alone, cannot say, and where it is said instead."""
    v2 = dict.fromkeys(c.name for c in fares.categories if c.published)
    text = dict.fromkeys(c.name for c in fares.categories if not c.published)
    codes = (("fare-riders-in-v2" if has_v2 else "fare-riders-as-text", v2), ("fare-as-text", text))
    return [notice(code, field="fares", value="、".join(names)) for code, names in codes if names]
