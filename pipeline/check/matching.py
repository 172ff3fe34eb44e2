"""Which features of two versions of a layer are the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    Pairs = tuple[NDArray[np.int64], NDArray[np.int64]]

OWN = ("id", "municipality_code", "geometry", "bbox")
"""Columns of every layer that are no fields of its declaration."""
CENTIMETRE = 1e-7
"""In degrees."""


@dataclass(frozen=True)
class Matched:
    """The features of two versions that are the same ones.

    Attributes
    ----------
    before, after
        Positions of a feature in the served and in the new version, shape ``(n,)`` each.
    gone
        Positions of those of the served version that the new one has not.
    renewed
        Positions in the served version of those that are the same in all, and have another id.
    """

    before: NDArray[np.int64]
    after: NDArray[np.int64]
    gone: NDArray[np.int64]
    renewed: NDArray[np.int64]


def match(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> Matched:
    """Find the features that two versions share.

    By id; then, because an id made from content changes with it, what is left by equal shape and
    values of all fields both versions have, then by either, within one municipality.
    """
    shared = [c for c in before.columns if c in after.columns and c not in OWN]
    here, there = _pairs(before["id"], after["id"])
    left = np.setdiff1d(np.arange(len(before)), here)
    right = np.setdiff1d(np.arange(len(after)), there)
    # Most features keep their id; texts of all values are made of the few others only.
    rest = before.iloc[left], after.iloc[right]
    values, shapes = _by_values(*rest, shared), _by_shape(*rest)
    wholes = [_joined([one, other]) for one, other in zip(values, shapes, strict=True)]
    found: list[Pairs] = []
    for keys in (wholes, values, shapes):
        one, other = _unmatched(keys[0], found, 0), _unmatched(keys[1], found, 1)
        pairs = _pairs(keys[0].iloc[one], keys[1].iloc[other])
        found.append((one[pairs[0]], other[pairs[1]]))
    here = np.concatenate([here, *(left[one] for one, _ in found)])
    there = np.concatenate([there, *(right[other] for _, other in found)])
    renewed = left[found[0][0]]
    return Matched(here, there, np.setdiff1d(np.arange(len(before)), here), renewed)


def _unmatched(keys: pd.Series, found: list[Pairs], side: int) -> NDArray[np.int64]:
    known = np.concatenate([pairs[side] for pairs in found]) if found else np.zeros(0, np.int64)
    return np.setdiff1d(np.arange(len(keys)), known)


def shown(cell: object) -> str:
    """Return a value as text, empty where there is none."""
    return "" if cell is None or pd.isna(cell) else str(cell)


def _by_values(
    before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, shared: list[str]
) -> list[pd.Series]:
    """Return for each feature its values; nothing without a field in common: all would be equal."""
    return [
        _joined(
            [
                f[c].astype(object).map(shown).reset_index(drop=True)
                for c in ("municipality_code", *shared)
            ]
        )
        if shared
        else pd.Series(np.nan, index=range(len(f)), dtype=object)
        for f in (before, after)
    ]


def _joined(columns: list[pd.Series]) -> pd.Series:
    """Return cells of several columns as one; missing where one of them is."""
    rows = [
        None if any(pd.isna(cell) for cell in cells) else "\x1f".join(cells)
        for cells in zip(*columns, strict=True)
    ]
    return pd.Series(rows, dtype=object)


def _by_shape(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> list[pd.Series]:
    """Return for each feature its municipality and shape, to the centimetre."""
    keys = []
    for frame in (before, after):
        shapes = shapely.set_precision(frame.geometry.to_numpy(), CENTIMETRE, mode="pointwise")
        parts = zip(frame["municipality_code"], shapely.to_wkb(shapes, hex=True), strict=True)
        keys.append(pd.Series([None if s is None else f"{c}/{s}" for c, s in parts], dtype=object))
    return keys


def _pairs(one: pd.Series, other: pd.Series) -> Pairs:
    """Return positions of equal keys, the first of one side with the first of the other.

    A missing key equals none.
    """
    left = pd.DataFrame({"key": one.to_numpy(), "here": np.arange(len(one))}).dropna()
    right = pd.DataFrame({"key": other.to_numpy(), "there": np.arange(len(other))}).dropna()
    for table in (left, right):
        table["nth"] = table.groupby("key").cumcount()
    both = left.merge(right, on=["key", "nth"])
    return both["here"].to_numpy(np.int64), both["there"].to_numpy(np.int64)
