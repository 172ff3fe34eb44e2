"""Stops: poles and their parents, finding one by the name a timetable uses, zones of fares."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gtfs.notices import notice
from gtfs.timetable.clock import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.findings import Finding


@dataclass(frozen=True, slots=True)
class Stop:
    """A pole (標柱, location_type 0) or a parent (停留所, location_type 1).

    `lon` and `lat` are degrees of JGD2011, which for passengers is WGS 84.
    """

    id: str
    name: str
    lat: float
    lon: float
    code: str = ""
    reading: str = ""
    english: str = ""
    platform: str = ""
    parent: str = ""
    location_type: int = 0
    wheelchair: int = 0
    zone: str = ""
    description: str = ""


@dataclass(slots=True)
class StopLedger:
    """The stops of a feed and the names timetables call them by.

    Attributes
    ----------
    unreadable
        The ledger itself cannot be read. One finding says so; every name is then taken as it is,
        so that the timetables can still be checked without a finding per stop.
    codes
        The city's own codes of the stops.
    refused
        Names of rows that cannot be used: a finding says why, so that their names in timetables
        are no further findings.
    """

    stops: dict[str, Stop] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    unreadable: bool = False
    codes: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    _by_name: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, stop: Stop, names: Iterable[str]) -> None:
        """Add a stop under the names timetables may use."""
        self.stops[stop.id] = stop
        self.codes.add(stop.code)
        for name in dict.fromkeys(plain(n) for n in names if n):
            self._by_name[name].append(stop.id)

    def resolve(self, name: str, pole: str = "") -> str | Finding:
        """Return the id of the stop a timetable means, or the finding why there is none.

        `pole` is a platform or an own code; it decides where one name has several poles.
        """
        if self.unreadable:
            return plain(name)
        found = self._by_name.get(plain(name), [])
        if pole:
            wanted = plain(pole)
            found = [
                s
                for s in found
                if wanted in (plain(self.stops[s].platform), plain(self.stops[s].code), s)
            ]
        if len(found) == 1:
            return found[0]
        if not found and plain(name) in self.refused:
            return plain(name)
        code = "stop-ambiguous" if found else "stop-unknown"
        return notice(code, value=name, pole=pole)


@dataclass(frozen=True, slots=True)
class FareZone:
    """What a table of fares calls a stop: one pole, or a 停留所 with all its poles."""

    id: str
    stops: tuple[str, ...]


def fare_zone(ledger: StopLedger, name: str, pole: str = "") -> FareZone | Finding:
    """Return the zone a triangle of fares means by a name, or the finding why there is none.

    Tables of fares name stops without platforms: where several poles share a parent of that name
    the parent is the zone of them all.
    """
    found = ledger.resolve(name, pole)
    if isinstance(found, str):
        return FareZone(found, (found,))
    for parent in ledger.stops.values():
        if parent.location_type == 1 and plain(name) in (plain(parent.name), plain(parent.code)):
            poles = tuple(s.id for s in ledger.stops.values() if s.parent == parent.id)
            return FareZone(parent.id, poles)
    return found
