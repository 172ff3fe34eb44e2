"""The entry of ``layers.yaml`` that ``tonari inspect`` proposes for a raster."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.raster.guess import Guess

LEGEND = 40
"""Classes that are written out; longer legends are scans."""


def proposed_yaml(
    file: str,
    guess: Guess,
    municipalities: list[str],
    *,
    crs: str | None = "",
    unplaced: bool = False,
    size: tuple[int, int] = (0, 0),
    nodata: list[str] | None = None,
    palette: list[str] | None = None,
) -> str:
    """Return an entry for ``rasters:``; what is guessed says so, what only a person knows is ``…``.

    Parameters
    ----------
    municipalities
        Names of those the raster meets.
    crs
        Guessed, empty if nothing could be; ``None`` if the file says itself.
    unplaced
        Nothing says where it lies: control points are proposed at its corners.
    size
        Columns and rows.
    nodata
        Heights that look like marks for none.
    palette
        Colours by value.
    """
    name = re.sub(r"[^a-z0-9]+", "_", PurePath(file).stem.lower()).strip("_") or "raster"
    if not name[0].isalpha():
        name = f"raster_{name}"
    met = f"  # {'、'.join(municipalities[:5])}" if municipalities else ""
    lines = [
        "rasters:",
        f"  {name}:",
        "    title: {ja: …}",
        f"    kind: {guess.kind}  # 推測 guess: {guess.ja} {guess.en}",
        "    sources:",
        f"    - municipality: …{met}",
        f"      path: …/{file}",
    ]
    if crs:
        lines.append(f"      crs: {crs}  # 推測 guess")
    elif crs == "":
        lines.append(
            "      crs: EPSG:…  # 市町村の座標系なら不要 not needed if it is the municipality's"
        )
    lines += [f"      nodata: {value}  # 推測 guess" for value in (nodata or [])[:1]]
    if unplaced:
        lines += _points(*size)
    if guess.kind == "classes" and palette:
        lines.append("    classes:")
        lines += [
            f'    - {{value: {value}, color: "{color}", label: {{ja: …}}}}'
            for value, color in enumerate(palette[:LEGEND])
        ]
    return "\n".join(lines) + "\n"


def _points(width: int, height: int) -> list[str]:
    """Propose control points at the corners: where they lie is for a person to read."""
    corners = (("北西", 0, 0), ("北東", width, 0), ("南東", width, height), ("南西", 0, height))
    return [
        "      georeference:",
        "        method: affine",
        "        points:  # 画素と位置を図から読む read pixel and position from the map",
        *(
            f"        - {{name: {name}, pixel: [{x}, {y}], position: […, …]}}"
            for name, x, y in corners
        ),
    ]
