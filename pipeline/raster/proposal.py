"""Looking at an unknown raster: what it is, where it lies, and the YAML that would declare it.

Runs in a process of its own, like every reading of foreign pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from pyproj import CRS

from pipeline.errors import SourceError
from pipeline.findings import Catalogue
from pipeline.places.territory import names_at
from pipeline.raster.guess import Guess, guess_kind
from pipeline.raster.picture import DRIVERS, described, whole_picture
from pipeline.raster.placing import HALF_WORLD, Placing, from_mercator
from pipeline.raster.proposal_yaml import proposed_yaml
from pipeline.raster.sheet import Sheet
from pipeline.raster.worldfile import ALONE, apart, read_world, world_file_of
from pipeline.sources.crs import (
    LATITUDES_OF_JAPAN,
    LONGITUDES_OF_JAPAN,
    crs_label,
    operation_to_canonical,
    vouched,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.raster.picture import Picture

TILE = 512
PLANE_METRES = 400_000.0
"""No place of a plane rectangular zone is further from its origin (平成14年国土交通省告示第9号)."""


@dataclass
class RasterProposal:
    """What a raster holds and how it could be declared.

    Attributes
    ----------
    file
        Its name.
    facts
        ``[name, value]`` in the order of reading, both languages in the name.
    kind
        Guessed.
    palette
        Colours by value, ``#RRGGBB``; empty without a table.
    yaml
        An entry for ``rasters:`` of ``layers.yaml``.
    findings
        What looking at it showed.
    """

    file: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    kind: str = ""
    palette: list[str] = field(default_factory=list)
    yaml: str = ""
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return vars(self) | {
            "facts": dict(self.facts),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def propose_picture(path: Path) -> RasterProposal:
    """Look at a GeoTIFF, PNG or JPEG, with the world file beside it.

    Raises
    ------
    SourceError
        If it cannot be read; the findings say why.
    """
    catalogue, shown = Catalogue.of("pipeline.raster"), path.name
    if path.suffix.lower() in ALONE:
        raise SourceError([catalogue.finding("worldfile-alone", file=shown)])
    with whole_picture(path, shown) as opened:
        guess = guess_kind(opened)
        roles = [role.name for role in opened.colorinterp]
        bits = opened.tags(1, ns="IMAGE_STRUCTURE").get("NBITS")
        packed = str(opened.compression.name) if opened.compression else ""
        try:
            picture = described(opened, shown, guess.kind)
        except SourceError as error:
            if not any(f.code in ("raster-bands", "raster-type") for f in error.findings):
                raise
            picture = None
            findings = list(error.findings)
        size = f"{opened.width:,} × {opened.height:,}"
        dtype = f"{opened.dtypes[0]}" + (f" ({bits} bit)" if bits else "")
        nodata = None if opened.nodata is None else float(opened.nodata)
    found = RasterProposal(shown, kind=guess.kind)
    bands = f"{len(roles)} ({', '.join(roles)})"
    found.facts += [
        ("大きさ size", f"{size} px, {path.stat().st_size:,} B"),
        ("バンド bands", bands),
        ("画素の型 type", dtype),
        ("圧縮 compression", packed),
        ("値なし nodata", "書かれていません not said" if nodata is None else f"{nodata:g}"),
        ("種類の推測 guessed kind", f"{guess.kind}（{guess.ja} {guess.en}）"),
    ]
    if picture is None:
        found.findings = findings
        return found
    found.findings = list(picture.findings)
    used = picture.colors
    found.palette = [f"#{r:02X}{g:02X}{b:02X}" for r, g, b, _ in used]
    if used:
        found.facts.append(("色の表 palette", f"{len(used)}"))
    _place(found, path, picture, guess)
    return found


def _place(found: RasterProposal, path: Path, picture: Picture, guess: Guess) -> None:
    """Say where a picture lies, as far as it says so, and propose its declaration."""
    transform, where = _transform(found, path, picture)
    found.facts.append(("位置 position", where))
    crs, why = _crs(picture, transform)
    found.facts.append(("座標系 CRS", why))
    names: list[str] = []
    own = CRS.from_wkt(picture.crs) if picture.crs else None
    if transform is not None and (crs or own is not None):
        sheet = Sheet(
            file=path.name, made=False, sha256="", width=picture.width, height=picture.height,
            bands=picture.bands, dtype=picture.dtype, crs=crs or picture.crs, transform=transform,
        )  # fmt: skip
        names = describe_place(found, [sheet])
    suspected = [f.value for f in found.findings if f.code == "raster-no-value"]
    found.yaml = proposed_yaml(
        path.name, guess, names,
        crs=crs if own is None else None, unplaced=transform is None,
        size=(picture.width, picture.height), nodata=suspected, palette=found.palette,
    )  # fmt: skip


def _transform(
    found: RasterProposal, path: Path, picture: Picture
) -> tuple[tuple[float, float, float, float, float, float] | None, str]:
    inside = picture.transform if DRIVERS[path.suffix.lower()] == "GTiff" else None
    beside = world_file_of(path)
    catalogue = Catalogue.of("pipeline.raster")
    if beside is None:
        if inside is None:
            found.findings.append(catalogue.finding("raster-unplaced", file=path.name))
            return None, "書かれていません not said"
        return inside, "画像の中 in the file"
    world = read_world(beside, beside.name)
    if inside is None:
        found.findings += world.findings
        return world.transform, beside.name
    off = apart(inside, world.transform, picture.width, picture.height)
    if off >= 0.05:
        found.findings.append(
            catalogue.finding("worldfile-disagrees", file=beside.name, value=f"{off:.1f}")
        )
    return inside, f"画像の中 in the file ({beside.name} も also)"


def _crs(
    picture: Picture, transform: tuple[float, float, float, float, float, float] | None
) -> tuple[str, str]:
    """Return a CRS to declare where the file names none, and the reason for it or for its own."""
    if picture.crs:
        return "", f"{crs_label(CRS.from_wkt(picture.crs))}（ファイルの中 in the file）"
    if transform is None:
        return "", "書かれていません not said"
    a, b, c, d, e, f = transform
    x, y = (
        a * picture.width / 2 + b * picture.height / 2 + c,
        d * picture.width / 2 + e * picture.height / 2 + f,
    )
    said = f"中心 middle {x:,.2f}, {y:,.2f}"
    (w, east), (s, north) = LONGITUDES_OF_JAPAN, LATITUDES_OF_JAPAN
    lon, lat = from_mercator(np.array([[x, y]]))[0]
    if w <= x <= east and s <= y <= north:
        guess, ja, en = "EPSG:6668", "日本の経緯度", "degrees in Japan"
    elif abs(y) < HALF_WORLD and w <= lon <= east and s <= lat <= north:
        guess, ja, en = "EPSG:3857", "日本のウェブメルカトル", "Web Mercator in Japan"
    elif max(abs(x), abs(y)) <= PLANE_METRES:
        guess, ja, en = "", "平面直角座標らしい。系は不明", "looks plane rectangular, zone unknown"
    else:
        guess, ja, en = "", "どの座標系とも分からない", "of no CRS known here"
    label = f"推測 guess {guess}: " if guess else ""
    return guess, f"書かれていません not said. {label}{said}（{ja} {en}）"


def describe_place(found: RasterProposal, sheets: list[Sheet]) -> list[str]:
    """Add extent, pixel size, zoom and municipalities; return the names of these."""
    placings = [Placing(sheet) for sheet in sheets]
    operation = operation_to_canonical(CRS.from_user_input(sheets[0].crs))
    try:
        found.findings += vouched(operation, CRS.from_user_input(sheets[0].crs), found.file)
    except SourceError as error:
        found.findings += error.findings
    points = np.vstack([placing.to_lonlat(placing.outline(4)) for placing in placings])
    points = points[np.isfinite(points).all(axis=1)]
    if not len(points):
        return []
    (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
    found.facts.append(
        ("範囲 extent", f"{west:.5f}, {south:.5f} – {east:.5f}, {north:.5f} ({operation.name})")
    )
    size = min(placing.pixel_size() for placing in placings)
    shrink = math.cos(math.radians((south + north) / 2))
    zoom = max(math.ceil(math.log2(2 * HALF_WORLD / TILE / size) - 0.1), 0)
    found.facts += [
        ("画素 pixel", f"{size * shrink:.3g} m"),
        ("最大ズーム largest zoom", f"{zoom} ({TILE} px)"),
    ]
    named = sorted(set(names_at(points[:, 0], points[:, 1])) - {""})
    if named:
        found.facts.append(("市町村 municipalities", "、".join(named)))
    return named
