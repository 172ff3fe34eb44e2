"""Which records of a damaged file are unreadable, found by going through it one by one.

fiona brings a GDAL of its own, older than pyogrio's, so this runs in processes where pyogrio never
is (kind ``fiona`` of :func:`pipeline.confined.confined`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import fiona
from fiona.errors import FionaError

from pipeline.sources.gdal import DRIVERS, staged

if TYPE_CHECKING:
    from pathlib import Path


def broken_records(path: Path, table: str) -> list[int]:
    """Return the positions, from 1, of the records that cannot be read; none if nothing can."""
    broken: list[int] = []
    ending = path.suffix.lower()
    try:
        with (
            staged(path) as place,
            fiona.open(place, layer=table or None, enabled_drivers=[DRIVERS[ending]]) as layer,
        ):
            for position in range(len(layer)):
                try:
                    layer[position]
                except (FionaError, ValueError, IndexError, KeyError):
                    broken.append(position + 1)
    except (FionaError, ValueError):
        return []
    return broken
