"""Changing between stops near each other, for ``transfers.txt``."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

from gtfs.build.shapes import WGS84

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gtfs.stops.poles import Stop

METRES_PER_MINUTE = 60.0
"""A slow walk, 1 m/s: people with luggage and children change as well."""
_TIMED = 2
"""transfer_type: needs a minimum time."""


def transfer_rows(stops: Iterable[Stop], within_metres: int) -> list[dict[str, object]]:
    """Return a row per ordered pair of poles that are near each other.

    Poles of one parent are left out: consumers know that they belong together.

    Parameters
    ----------
    within_metres
        Straight-line distance up to which people are expected to walk.
    """
    poles = sorted((s for s in stops if s.location_type == 0), key=lambda s: s.id)
    rows: list[dict[str, object]] = []
    for one, other in combinations(poles, 2):
        if one.parent and one.parent == other.parent:
            continue
        metres = WGS84.inv(one.lon, one.lat, other.lon, other.lat)[2]
        if metres > within_metres:
            continue
        seconds = 60 * max(1, math.ceil(metres / METRES_PER_MINUTE))
        rows += [
            {
                "from_stop_id": a.id,
                "to_stop_id": b.id,
                "transfer_type": _TIMED,
                "min_transfer_time": seconds,
            }
            for a, b in ((one, other), (other, one))
        ]
    return rows
