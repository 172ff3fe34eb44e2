"""What others than adults pay: a percentage with its rounding, a fixed price, a surplus."""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from gtfs.fares.rules import Category
from gtfs.notices import notice
from pipeline.config.base import Text
from pipeline.config.fares import ADULT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gtfs.fares.rules import FareRule
    from pipeline.config.fares import Rider
    from pipeline.findings import Finding

_ROUNDING = {"up": "切り上げ", "down": "切り捨て", "nearest": "四捨五入"}
_ROUNDED = {"up": "rounded up", "down": "rounded down", "nearest": "rounded"}


def rider_price(base: int, rider: Rider) -> int:
    """Return what a rider pays where the rider it is priced by pays `base` yen."""
    if rider.price is not None:
        return rider.price
    if rider.adds is not None:
        return base + rider.adds
    assert rider.percent is not None
    units = Fraction(base * rider.percent, 100 * rider.round_to)
    if rider.rounding == "up":
        return math.ceil(units) * rider.round_to
    if rider.rounding == "nearest":
        units += Fraction(1, 2)  # 四捨五入: exactly half goes up
    return math.floor(units) * rider.round_to


def derived(
    riders: Mapping[str, Rider], adults: Sequence[FareRule], own: Mapping[str, Sequence[FareRule]]
) -> list[FareRule]:
    """Return the prices of all riders of a declared fare.

    Parameters
    ----------
    riders
        As declared; one that is priced by another comes after it.
    adults
        The adult prices.
    own
        Prices of riders that have cells of their own.
    """
    rules: dict[str, Sequence[FareRule]] = {ADULT: adults, **own}
    for name, rider in riders.items():
        if name not in rules:
            rules[name] = [
                replace(rule, rider=name, price=rider_price(rule.price, rider))
                for rule in rules[rider.of]
            ]
    return [rule for name in riders for rule in rules[name]]


def missing(
    riders: Mapping[str, Rider], adults: Sequence[FareRule], own: Mapping[str, Sequence[FareRule]]
) -> list[Finding]:
    """Return a finding per rider whose own table lacks a ride that adults have a fare for."""
    findings = []
    for name, rules in own.items():
        if name not in riders:
            continue
        known = {(r.route, r.origin, r.destination) for r in rules}
        lacking = [r for r in adults if (r.route, r.origin, r.destination) not in known]
        if lacking:
            place = {"file": lacking[0].file, "sheet": lacking[0].sheet, "cell": lacking[0].cell}
            title = riders[name].title.ja
            ride = f"{lacking[0].origin} → {lacking[0].destination}"
            count = len(lacking)
            findings.append(
                notice("fare-rider-missing", value=title, ride=ride, count=count, **place)
            )
    return findings


def described(riders: Mapping[str, Rider], routes: Iterable[str]) -> list[Category]:
    """Return the fares of riders in words, for each route."""
    words = [(rider.title.ja, _words(rider, riders)) for rider in riders.values()]
    return [Category(route, name, text) for route in routes for name, text in words]


def _words(rider: Rider, riders: Mapping[str, Rider]) -> Text:
    title = rider.title
    known = {ADULT: Text(ja="大人", en="Adult"), "child": Text(ja="小児", en="Child")}
    base = riders[rider.of].title if rider.of in riders else known[rider.of]
    if rider.percent is not None:
        step = rider.round_to
        odd = f"（{step}円未満{_ROUNDING[rider.rounding]}）" if step > 1 else ""
        said = f" ({_ROUNDED[rider.rounding]} to {step} yen)" if step > 1 else ""
        ja = f"{title.ja} {base.ja}の{rider.percent}%{odd}"
        return Text(ja=ja, en=title.en and f"{title.en} {rider.percent}% of {base.en}{said}")
    if rider.price is not None or rider.adds is not None:
        amount = rider.adds if rider.price is None else rider.price
        sign = "+" if rider.price is None else ""
        return Text(
            ja=f"{title.ja} {sign}{amount}円", en=title.en and f"{title.en} {sign}{amount} yen"
        )
    return Text(ja=f"{title.ja}運賃あり", en=title.en and f"{title.en} fares")


def rider_id(name: str, english: str) -> str:
    """Return the lasting ASCII id of a category that a table names."""
    word = re.sub(r"[^a-z0-9]+", "_", english.lower()).strip("_")
    return word or f"rider_{hashlib.blake2s(name.encode(), digest_size=4).hexdigest()}"
