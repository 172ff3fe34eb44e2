"""The same place in two lists: by distance and name, proposed as same, part of it, or to be seen.

Thresholds were tried on 2,128 rows of shelters of twelve municipalities whose addresses are known
to be the same or not; ``docs/borders.md`` has precision and recall.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely
from rapidfuzz import fuzz
from shapely import STRtree

from pipeline.borders.names import PlaceName, differs_in_kind, place_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Grade = Literal["same", "part", "review", ""]
BLOCK = 300.0
"""Metres within which rows are compared at all."""
SAME_NAME, ALIKE_NEAR, CORE, SAME_SPOT = 200.0, 100.0, 200.0, 30.0
"""Metres: equal names; names alike; equal core; any name."""
ALIKE, DOUBTFUL = 85, 75
"""Ratios of rapidfuzz, of 100."""


@dataclass(frozen=True)
class Matches:
    """Rows of two lists that may be one place.

    Attributes
    ----------
    a, b
        Positions in the lists, int64, shape ``(n,)``.
    distance
        Metres, shape ``(n,)``.
    grade
        ``same``, ``part`` or ``review``, shape ``(n,)``.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    distance: NDArray[np.float64]
    grade: NDArray[np.object_]


def graded(
    a: PlaceName, b: PlaceName, metres: float, *, foreign: bool, address: bool = False
) -> Grade:
    """Return what two names at a distance are taken for; empty for different places.

    Parameters
    ----------
    foreign
        Whether they are of two municipalities, where a short core alone proves nothing.
    address
        Whether both name the same address.
    """
    equal = a.whole == b.whole or a.bare == b.bare
    if equal:
        return "same" if metres <= SAME_NAME else ""
    veto = differs_in_kind(a, b)
    if not veto and a.core == b.core and a.part != b.part and metres <= CORE:
        return "part"
    ratio = max(fuzz.ratio(a.whole, b.whole), fuzz.ratio(a.bare, b.bare))
    if not veto and ratio >= ALIKE and metres <= ALIKE_NEAR:
        return "same"
    if metres <= SAME_SPOT or (not veto and ratio >= DOUBTFUL and metres <= ALIKE_NEAR):
        return "review"
    if foreign and address and (a.core in b.whole or b.core in a.whole):
        return "review"
    return ""


def duplicates(
    points: tuple[NDArray[np.object_], NDArray[np.object_]],
    names: tuple[Sequence[str], Sequence[str]],
    *,
    foreign: bool = True,
    addresses: tuple[Sequence[str], Sequence[str]] | None = None,
) -> Matches:
    """Return the rows of two lists that may be one place.

    Parameters
    ----------
    points
        Places in metres, shapes ``(n,)`` and ``(m,)``.
    names
        As the lists have them; they are normalised here.
    addresses
        As the lists have them, where both have any.
    """
    first, second = points
    if not len(first) or not len(second):
        nothing = np.empty(0, np.int64)
        return Matches(nothing, nothing, np.empty(0), np.empty(0, object))
    a, b = STRtree(second).query(first, predicate="dwithin", distance=BLOCK)
    metres = shapely.distance(first[a], second[b])
    grades = np.full(len(a), "", object)
    for position, (i, j) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        same = _same_address(addresses, i, j)
        grades[position] = graded(
            place_name(names[0][i]), place_name(names[1][j]), float(metres[position]),
            foreign=foreign, address=same,
        )  # fmt: skip
    told = grades != ""
    return Matches(a[told], b[told], metres[told], grades[told])


def _same_address(addresses: tuple[Sequence[str], Sequence[str]] | None, i: int, j: int) -> bool:
    if addresses is None or not addresses[0][i] or not addresses[1][j]:
        return False
    return place_name(addresses[0][i]).whole == place_name(addresses[1][j]).whole
