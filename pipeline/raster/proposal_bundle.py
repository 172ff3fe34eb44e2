"""Looking at an unknown elevation model: meshes of 基盤地図情報, or GSI's text tiles.

Of a zip the names and heads of all files are read, and one file whole.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from typing import TYPE_CHECKING

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Place
from pipeline.raster import bundle, jpgis
from pipeline.raster.guess import Guess
from pipeline.raster.proposal import RasterProposal, describe_place
from pipeline.raster.proposal_yaml import proposed_yaml
from pipeline.raster.sheet import Sheet

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 4096
"""Bytes in which a mesh names its edition and its edges; the heights come after them."""
EDITION = re.compile(rb"srsName=[\"'][^\"']*?(jgd\d{4})", re.IGNORECASE)
HEIGHTS = Guess("elevation", "標高データ", "an elevation model")


def propose_heights(path: Path) -> RasterProposal:
    """Look at an elevation model.

    Raises
    ------
    SourceError
        If it cannot be read; the findings say why.
    """
    found = RasterProposal(path.name, kind="elevation")
    found.facts.append(("大きさ size", f"{path.stat().st_size:,} B"))
    heads, first = _looked(path, found)
    name, content = first
    shown = f"{path.name}/{name}" if name else path.name
    if (name or path.name).lower().endswith(".xml"):
        mesh = jpgis.read_mesh(content, shown)
        found.findings += mesh.findings
        sheet = _sheet(mesh.heights.shape, mesh.transform, mesh.crs)
        _editions(found, heads, mesh.edition)
        crs = f"{mesh.crs}（ファイルの中 in the file: {mesh.edition}）"
        grid = f"{sheet.width} × {sheet.height}"
    else:
        z, x, y = bundle.tile_of(name or path.name, shown)
        heights = bundle.read_text_tile(content, shown)
        sheet = _sheet(heights.shape, bundle.tile_transform(z, x, y), "EPSG:3857")
        found.facts.append(("ズーム zoom", str(z)))
        crs, grid = "EPSG:3857（タイルの名前から by its name）", "256 × 256"
    found.facts += [
        ("区画の格子 grid of one", f"{grid} px, float32"), ("値なし nodata", "−9999, e"),
        ("座標系 CRS", crs),
    ]  # fmt: skip
    several = len(heads) > 1
    if several:
        found.facts.append(("以下は最初の区画 of the first", name))
    met = describe_place(found, [sheet])
    found.yaml = proposed_yaml(path.name, HEIGHTS, met, crs=None)
    return found


def _sheet(shape: tuple[int, ...], transform: tuple[float, ...], crs: str) -> Sheet:
    a, b, c, d, e, f = transform
    return Sheet(
        file="", made=True, sha256="", width=shape[1], height=shape[0], bands=1, dtype="float32",
        crs=crs, transform=(a, b, c, d, e, f),
    )  # fmt: skip


def _looked(path: Path, found: RasterProposal) -> tuple[dict[str, bytes], tuple[str, bytes]]:
    """Return the heads of all files by name, and the first of them whole."""
    if path.suffix.lower() != ".zip":
        if path.stat().st_size > bundle.LARGEST_FILE:
            raise jpgis.wrong(path.name, f"{path.stat().st_size:,} B")
        content = path.read_bytes()
        return {"": content[:HEAD]}, ("", content)
    names, left = jpgis.chosen(bundle.names_in(path, path.name))
    if left:
        found.findings.append(
            Catalogue.of("pipeline.raster").finding(
                "dem-older-left", file=path.name, places=[Place(feature=name) for name in left]
            )
        )
    series = Counter(
        f"DEM{m['kind']}{m['series'].upper()}" for m in map(jpgis.NAME.search, names) if m
    )
    dates = sorted(m["date"] for m in map(jpgis.NAME.search, names) if m)
    found.facts.append(("区画 meshes or tiles", f"{len(names):,}"))
    if series:
        said = ", ".join(f"{name} {count}" for name, count in sorted(series.items()))
        found.facts.append(("種別 series", said))
        found.facts.append(("日付 dates", " – ".join(dict.fromkeys((dates[0], dates[-1])))))
    try:
        with zipfile.ZipFile(path) as opened:
            heads = {}
            for name in names:
                with opened.open(name) as file:
                    heads[name] = file.read(HEAD)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        reason = str(error)
        raise SourceError(
            [
                Catalogue.of("pipeline.raster").finding(
                    "raster-unreadable", file=path.name, reason=reason
                )
            ]
        ) from error
    return heads, next(bundle.files_in(path, names[:1], path.name))


def _editions(found: RasterProposal, heads: dict[str, bytes], own: str) -> None:
    counted = Counter(
        m[1].decode().lower() if (m := EDITION.search(head)) else own for head in heads.values()
    )
    said = ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))
    found.facts.append(("測地成果 editions", said))
    if "jgd2024" in counted and len(counted) > 1:
        found.findings.append(
            Catalogue.of("pipeline.raster").finding(
                "dem-editions", file=found.file, value=", ".join(sorted(counted))
            )
        )
