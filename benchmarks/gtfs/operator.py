"""A bus operator of any size, as a city office would keep it: workbooks, a ledger, a declaration.

The same size gives the same files. Every route has thirty stops, two directions and two types of
day; one workbook per route, one sheet per direction and type of day, trips across and stops down.
"""

from __future__ import annotations

import csv
import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import openpyxl

if TYPE_CHECKING:
    from pathlib import Path

STOPS = 30
TRIPS = {"weekday": 62, "holiday": 42}
PER_ROUTE = 2 * STOPS * sum(TRIPS.values())
"""Stop times of one route: 6,240; 120 routes make 748,800."""
_DAYS = {"weekday": "平日", "holiday": "土日祝"}
_WAYS = {0: "往", 1: "復"}
_LINE_LETTERS = ("C3", "B")
"""Where the times begin and which column holds the stops."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Files of a generated operator.

    Attributes
    ----------
    root
        Their folder.
    routes
        How many routes it has.
    declaration
        One entry under ``feeds:``, as a mapping.
    """

    root: Path
    routes: int
    declaration: dict[str, Any]

    @property
    def stop_times(self) -> int:
        """How many cells with a time the workbooks have."""
        return self.routes * PER_ROUTE


def generate(root: Path, routes: int) -> Operator:
    """Write the files of an operator with so many routes into a folder."""
    root.mkdir(parents=True, exist_ok=True)
    dice = random.Random(20261123)
    _write_stops(root, routes, dice)
    for route in range(routes):
        _write_workbook(root, route, dice)
    return Operator(root, routes, _declare(routes))


def _write_stops(root: Path, routes: int, dice: random.Random) -> None:
    """Lay every route out as a slightly bent line through a city of 40 km."""
    with (root / "stops.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["番号", "名称", "よみ", "緯度", "経度"])
        for route in range(routes):
            lat, lon = 33.7 + dice.random() * 0.25, 130.7 + dice.random() * 0.3
            heading = dice.random() * 2 * math.pi
            for stop in range(STOPS):
                heading += dice.uniform(-0.2, 0.2)
                lat += 0.003 * math.sin(heading)
                lon += 0.0036 * math.cos(heading)
                code = _code(route, stop)
                writer.writerow(
                    [code, f"停留所{code}", "ていりゅうじょ", f"{lat:.6f}", f"{lon:.6f}"]
                )


def _write_workbook(root: Path, route: int, dice: random.Random) -> None:
    book = openpyxl.Workbook(write_only=True)
    gaps = [dice.randint(60, 240) // 60 * 60 for _ in range(STOPS - 1)]
    for way, mark in _WAYS.items():
        order = range(STOPS) if way == 0 else range(STOPS - 1, -1, -1)
        for day, trips in TRIPS.items():
            sheet = book.create_sheet(f"{_DAYS[day]}{mark}")
            sheet.append([f"路線{route} {_DAYS[day]}"])
            sheet.append(["", "停留所", *(f"{n + 1}便" for n in range(trips))])
            starts = [5 * 3600 + n * (19 * 3600 // trips) // 60 * 60 for n in range(trips)]
            offset = 0
            for position, stop in enumerate(order):
                offset += gaps[position - 1] if position else 0
                times = [(start + offset) // 60 for start in starts]
                cells = [f"{t // 60}:{t % 60:02d}" for t in times]
                sheet.append(["", f"停留所{_code(route, stop)}", *cells])
    book.save(root / f"route{route:03d}.xlsx")


def _code(route: int, stop: int) -> str:
    return f"R{route:03d}S{stop:02d}"


def _declare(routes: int) -> dict[str, Any]:
    times, names = _LINE_LETTERS
    tables = [
        {
            "sheet": f"{_DAYS[day]}{mark}",
            "times": times,
            "stops": names,
            "trip_names": "2",
            "day_type": day,
            "direction": way,
        }
        for way, mark in _WAYS.items()
        for day in TRIPS
    ]
    return {
        "title": {"ja": "測定用の市営バス", "en": "City bus for measuring"},
        "operator": {
            "id": "8000020401005",
            "name": {"ja": "北九州市", "en": "City of Kitakyushu"},
            "reading": "きたきゅうしゅうし",
            "url": "https://www.city.kitakyushu.lg.jp/",
        },
        "mode": "bus",
        "period": {"start": "2026-10-01", "end": "2027-09-30"},
        "day_types": {
            "weekday": {
                "title": {"ja": "平日", "en": "Weekdays"},
                "runs": ["mon", "tue", "wed", "thu", "fri"],
                "but_not": ["holiday"],
            },
            "holiday": {
                "title": {"ja": "土日祝", "en": "Other days"},
                "runs": ["sat", "sun", "holiday"],
            },
        },
        "stops": {
            "file": "stops.csv",
            "fields": {
                "id": "番号",
                "name": "名称",
                "reading": "よみ",
                "lat": "緯度",
                "lon": "経度",
            },
        },
        "routes": {
            f"r{route:03d}": {"title": {"ja": f"路線{route}", "en": f"Route {route}"}}
            for route in range(routes)
        },
        "timetables": [
            {"file": f"route{route:03d}.xlsx", "route": f"r{route:03d}", "tables": tables}
            for route in range(routes)
        ],
        "fares": [{"kind": "flat", "price": 200}],
    }
