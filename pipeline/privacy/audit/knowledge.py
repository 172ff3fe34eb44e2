"""What an outsider knows of counts: all tables of all kept releases as one set of equations.

A cell is known by what it counts: the records, the zone, the values of further fields and the
class. Tables that count the same records speak of the same cells, whatever layer or release they
are in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from pipeline.privacy.layout import TOTAL

Cell = tuple[Any, ...]
"""Records, zone, further fields, class."""
_WHOLE = ("whole",)
_ROUNDING = 0.5e-6
"""Shares have six decimals (:data:`pipeline.derive.quotients.DECIMALS`)."""
_KILOMETRE = 8
"""Digits of a cell of 1 km; each further digit quarters it (JIS X 0410)."""


@dataclass(frozen=True)
class Table:
    """One published table and what its manifest says of it.

    Attributes
    ----------
    described
        Entry ``disclosure`` of the layer.
    frame
        As downloaded.
    """

    release: str
    layer: str
    described: dict[str, Any]
    frame: pd.DataFrame


@dataclass(frozen=True)
class Target:
    """A hidden cell and how wide its interval has to be."""

    release: str
    layer: str
    row: str
    column: str
    width: float
    fewest: float


@dataclass
class Knowledge:
    """Cells as variables, equations between them, and what is known of each.

    Attributes
    ----------
    number
        Of each cell.
    bounds
        ``{number: (low, high)}`` of what is published.
    equations
        Each a list of (number, coefficient) and what they add up to.
    targets
        Hidden cells.
    small
        Cells that are published although they are too few.
    """

    number: dict[Cell, int] = field(default_factory=dict)
    bounds: dict[int, tuple[float, float]] = field(default_factory=dict)
    equations: list[tuple[list[tuple[int, float]], float]] = field(default_factory=list)
    targets: dict[int, Target] = field(default_factory=dict)
    small: list[Target] = field(default_factory=list)

    def learn(self, table: Table) -> None:
        """Add all that one table tells."""
        _Learner(self, table).run()

    def of(self, cell: Cell) -> int:
        """Return the number of a cell."""
        return self.number.setdefault(cell, len(self.number))

    def bound(self, number: int, low: float, high: float) -> None:
        """Narrow what is known of a cell."""
        before = self.bounds.get(number, (0.0, float("inf")))
        self.bounds[number] = max(before[0], low), min(before[1], high)

    def adds_up(self, parts: list[int], whole: int) -> None:
        """Learn that some cells add up to another."""
        if parts != [whole]:
            self.equations.append(([*((p, 1.0) for p in parts), (whole, -1.0)], 0.0))


class _Learner:
    """What one table tells."""

    def __init__(self, knowledge: Knowledge, table: Table) -> None:
        self.knowledge, self.table, said = knowledge, table, table.described
        self.records = (said["universe"], said["data"])
        rounded = said.get("remedy") == "round"
        # As far as a number may be from the true one: further where the totals asked for it.
        self.base = float(said["base"] * (1 + said["beyond"])) if rounded else 0.0
        self.columns = {**said["parts"], TOTAL: said["count"]}
        self.groups: dict[str, list[str]] = {}
        self.lattice: dict[tuple[Cell, Cell], dict[str, int]] = {}

    def run(self) -> None:
        rows = self.table.frame.to_dict("records")
        hosts = {r["merged_into"] for r in rows if isinstance(r.get("merged_into"), str)}
        for row in rows:
            self._row(row, hosts)
        for row in rows:
            if self._zone_name(row) in hosts:
                self._host(row)
        self._wholes(rows)
        self._margins()

    def _class(self, name: str) -> Cell:
        return (TOTAL,) if name == TOTAL else ("class", self.table.described["same"][name])

    def _zone_name(self, row: dict[str, Any]) -> str:
        return "\x1f".join(_text(row.get(key)) for key in self.table.described["keys"])

    def _zone(self, row: dict[str, Any]) -> Cell:
        said = self.table.described
        if said["zones"] == "mesh":
            return ("mesh", _text(row.get(said["keys"][0])))
        return ("by", *said["keys"], *(_text(row.get(key)) for key in said["keys"]))

    def _cell(self, zone: Cell, per: Cell, name: str) -> int:
        return self.knowledge.of((self.records, zone, per, self._class(name)))

    def _row(self, row: dict[str, Any], hosts: set[Any]) -> None:
        zone = self._zone(row)
        per = tuple(sorted((f, _text(row.get(f))) for f in self.table.described["per"]))
        cells = {name: self._cell(zone, per, name) for name in self.columns}
        self.lattice[zone, per] = cells
        merged = isinstance(row.get("merged_into"), str)
        if merged:
            self.groups.setdefault(row["merged_into"], []).append(self._zone_name(row))
        if self.table.described["parts"]:
            self.knowledge.adds_up([c for n, c in cells.items() if n != TOTAL], cells[TOTAL])
        if merged or self._zone_name(row) in hosts:
            for name, cell in cells.items():
                self._aim(cell, row, name)
            return
        for name, cell in cells.items():
            self._published(row, name, cell)

    def _published(self, row: dict[str, Any], name: str, cell: int) -> None:
        column = self.columns[name]
        if column not in row:
            return
        value = _number(row[column])
        if value is None:
            self._aim(cell, row, name)
        elif self.base:
            self.knowledge.bound(cell, max(0.0, value - self.base), value + self.base)
        else:
            self.knowledge.bound(cell, value, value)
            if 0 < value < self.table.described["fewest"]:
                self.knowledge.small.append(self._target(row, name))

    def _target(self, row: dict[str, Any], name: str) -> Target:
        table, said = self.table, self.table.described
        shown = self._zone_name(row).replace("\x1f", ", ")
        return Target(
            table.release, table.layer, shown, self.columns[name], said["width"], said["fewest"]
        )

    def _aim(self, cell: int, row: dict[str, Any], name: str) -> None:
        if self.columns[name] in row and self.table.described["width"]:
            self.knowledge.targets.setdefault(cell, self._target(row, name))

    def _host(self, row: dict[str, Any]) -> None:
        """Learn that the row of a host holds its members too."""
        zones = {self._name_of(zone): (zone, per) for zone, per in self.lattice}
        name = self._zone_name(row)
        inside = [self.lattice[zones[m]] for m in (name, *self.groups[name]) if m in zones]
        for class_, column in self.columns.items():
            value = _number(row.get(column))
            if value is not None:
                parts = [(cells[class_], 1.0) for cells in inside]
                self.knowledge.equations.append((parts, value))

    def _name_of(self, zone: Cell) -> str:
        count = len(self.table.described["keys"])
        return "\x1f".join(zone[-count:])

    def _wholes(self, rows: list[dict[str, Any]]) -> None:
        """Learn the whole that shares are taken of: one share beside its number tells it."""
        said = self.table.described
        for column, over in said.get("shares", {}).items():
            groups: dict[tuple[Cell, Cell], list[dict[str, Any]]] = {}
            for row in rows:
                rest = tuple((f, _text(row.get(f))) for f in sorted(said["per"]) if f not in over)
                groups.setdefault((self._zone(row), rest), []).append(row)
            for (zone, rest), inside in groups.items():
                ends = [e for row in inside if (e := self._whole_of(row, column)) is not None]
                if not ends:
                    continue
                whole = self.knowledge.of((self.records, zone, ("over", *over, rest), (TOTAL,)))
                self.knowledge.bound(whole, max(e[0] for e in ends), min(e[1] for e in ends))
                per = [tuple((f, _text(r.get(f))) for f in sorted(said["per"])) for r in inside]
                parts = [self.lattice[zone, p][TOTAL] for p in per]
                self.knowledge.adds_up(parts, whole)

    def _whole_of(self, row: dict[str, Any], column: str) -> tuple[float, float] | None:
        """Return between which whole numbers the whole of a share lies, as it is rounded."""
        count, share = _number(row.get(self.columns[TOTAL])), _number(row.get(column))
        if count is None or share is None or self.base or share <= _ROUNDING:
            return None
        low, high = count / (share + _ROUNDING), count / (share - _ROUNDING)
        return float(np.ceil(low - 1e-9)), float(np.floor(high + 1e-9))

    def _margins(self) -> None:
        """Learn that fields of rows add up to a zone, zones to coarser ones and to the whole."""
        level = self.lattice
        for (zone, per), cells in list(level.items()):
            if per:
                level.setdefault((zone, ()), {n: self._cell(zone, (), n) for n in cells})
        self._add_up({k: (k[0], ()) for k in level if k[1]})
        while True:
            above = {k: (_above(k[0]), k[1]) for k in level if k[0] != _WHOLE}
            if not above:
                return
            longest = max(len(k[0][-1]) if k[0][0] == "mesh" else 0 for k in above)
            now = {
                k: up for k, up in above.items() if k[0][0] != "mesh" or len(k[0][-1]) == longest
            }
            for zone, per in now.values():
                level.setdefault((zone, per), {n: self._cell(zone, per, n) for n in self.columns})
            self._add_up(now)
            for key in now:
                del level[key]

    def _add_up(self, above: dict[tuple[Cell, Cell], tuple[Cell, Cell]]) -> None:
        parts: dict[tuple[Cell, Cell], list[tuple[Cell, Cell]]] = {}
        for below, up in above.items():
            parts.setdefault(up, []).append(below)
        for (zone, per), inside in parts.items():
            for name in self.columns:
                whole = self._cell(zone, per, name)
                self.knowledge.adds_up([self.lattice[k][name] for k in inside], whole)


def _above(zone: Cell) -> Cell:
    if zone[0] == "mesh" and len(zone[1]) > _KILOMETRE:
        return ("mesh", zone[1][:-1])
    return _WHOLE


def _text(value: Any) -> str:
    return "" if pd.isna(value) else str(value)


def _number(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
