"""The table of what was observed at a border: a row for each, in metres or square metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal[
    "gap", "overlap", "double", "stray", "unmet", "value", "duplicate", "shift", "datum",
    "sea", "line", "no-reference", "tolerance", "undone",
]  # fmt: skip
"""What can be observed at a border."""
UNITS: dict[str, str] = {
    "gap": "m2", "overlap": "m2", "double": "m2", "stray": "m", "unmet": "m", "value": "m",
    "duplicate": "m", "shift": "m", "datum": "m", "sea": "m", "line": "m",
    "no-reference": "count",
    "tolerance": "count", "undone": "count",
}  # fmt: skip
"""Unit of the size of each kind; strays of lines are in metres of line, of areas in ``m2``."""
TEXTS = ("kind", "a", "b", "id_a", "id_b", "unit", "grade", "field", "value_a", "value_b")
NUMBERS = ("size", "distance")


@dataclass(frozen=True)
class Pair:
    """Two neighbouring municipalities by their codes, the smaller first."""

    a: str
    b: str

    @property
    def name(self) -> str:
        """Return how addresses and commands name it."""
        return f"{self.a}-{self.b}"


def observed(kind: Kind, pair: Pair, geometry: Any, crs: Any, **columns: Any) -> gpd.GeoDataFrame:
    """Return rows of one kind.

    Parameters
    ----------
    geometry
        Array of places, shape ``(n,)``, in `crs`, a plane of metres.
    columns
        ``id_a``, ``id_b`` (text, empty if there is none), ``size`` (in the unit of the kind),
        ``distance`` (m), ``grade`` (same, part, review), ``field``, ``value_a``, ``value_b``:
        arrays of shape ``(n,)``, or one value for all.
    """
    count = len(geometry)
    given: dict[str, Any] = {"kind": kind, "a": pair.a, "b": pair.b, "unit": UNITS[kind]} | columns
    made: dict[str, Any] = {}
    for name in TEXTS:
        column = given.get(name, "")
        texts = [column] * count if isinstance(column, str) else [str(cell) for cell in column]
        made[name] = pd.Series(texts, dtype=object)
    for name in NUMBERS:
        made[name] = np.broadcast_to(np.asarray(given.get(name, np.nan), float), count).copy()
    return gpd.GeoDataFrame(made, geometry=np.asarray(geometry, object), crs=crs)


def together(parts: Iterable[gpd.GeoDataFrame], crs: Any) -> gpd.GeoDataFrame:
    """Return all rows in `crs`, in an order that depends on nothing but their content."""
    filled = [part.to_crs(crs) for part in parts if len(part)]
    if not filled:
        return observed("gap", Pair("", ""), [], crs)
    table = pd.concat(filled, ignore_index=True)
    order = ["a", "b", "kind", "size", "id_a", "id_b", "field", "value_a", "value_b"]
    ascending = [name != "size" for name in order]
    return gpd.GeoDataFrame(table, crs=crs).sort_values(
        order, ascending=ascending, kind="stable", ignore_index=True
    )
