"""Opening a picture with one driver and nothing from outside, and seeing that it is whole."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.config.rasters import RasterKind

DRIVERS = {
    ".tif": "GTiff", ".tiff": "GTiff", ".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG",
}  # fmt: skip
ENVIRONMENT = {
    "GDAL_NUM_THREADS": "1",
    "GDAL_CACHEMAX": "64",
    "GDAL_DISABLE_READDIR_ON_OPEN": "FALSE",
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "GDAL_HTTP_MAX_RETRY": "0",
    "PROJ_NETWORK": "OFF",
}
"""Of processes that read rasters; counts when the library is loaded."""
SWOLLEN_BYTES, SWOLLEN_RATIO = 1 << 30, 2_000
"""A picture above both is refused: a blank sheet in group 4 reaches 1,000 times its file."""
LONGEST_SIDE = 1_000_000
NO_VALUES = (-9999.0, -32768.0, -99999.0)
"""Heights that nobody measures and programs write for none."""
SAMPLE = 512
OPENING = threading.Lock()


@dataclass(frozen=True)
class Picture:
    """What a file says of itself."""

    width: int
    height: int
    bands: int
    dtype: str
    alpha: int
    nodata: float | None
    colors: tuple[tuple[int, int, int, int], ...]
    crs: str
    transform: tuple[float, float, float, float, float, float] | None
    findings: tuple[Finding, ...]


def open_picture(path: Path, **options: Any) -> Any:
    """Open a picture with the driver of its ending.

    Raises
    ------
    rasterio.errors.RasterioError
        If that driver cannot.
    """
    driver = DRIVERS[path.suffix.lower()]
    own = {"GEOREF_SOURCES": "INTERNAL"} if driver == "GTiff" else {}
    # Filters of warnings belong to the process, and two threads may open at a time.
    with OPENING, warnings.catch_warnings():
        # Scans have no position of their own; where they get it from is looked at elsewhere.
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        return rasterio.open(path, driver=driver, **own, **options)


def look(path: Path, shown: str, kind: RasterKind) -> Picture:
    """Read what a file says of itself, and see that all of it is there.

    Parameters
    ----------
    shown
        How messages name it.

    Raises
    ------
    SourceError
        If it is damaged, cut short, would unpack to too much or has the wrong bands.
    """
    with whole_picture(path, shown) as opened:
        return described(opened, shown, kind)


@contextmanager
def whole_picture(path: Path, shown: str) -> Iterator[Any]:
    """Open a picture of which everything is there.

    Raises
    ------
    SourceError
        If it is damaged, cut short or would unpack to too much, also while it is read.
    """
    _require_end(path, shown)
    try:
        with warnings.catch_warnings(), open_picture(path) as opened:
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            _require_bounded(opened, path, shown)
            if opened.driver == "GTiff":
                _require_blocks(opened, path, shown)
            yield opened
    except RasterioError as error:
        raise _refused("raster-unreadable", shown, reason=_plain(error, path, shown)) from error


def _plain(error: Exception, path: Path, shown: str) -> str:
    return str(error).replace(str(path), shown)[:200]


def _refused(code: str, shown: str, **details: object) -> SourceError:
    return SourceError([Catalogue.of("pipeline.raster").finding(code, file=shown, **details)])  # type: ignore[arg-type]


def _require_end(path: Path, shown: str) -> None:
    """See that a PNG or JPEG ends as it must: decoders paint the rest grey or black."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 4096))
        tail = file.read()
    ending = DRIVERS[path.suffix.lower()]
    marks = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}
    mark = marks.get(ending)
    if mark is not None and mark not in tail:
        raise _refused("raster-truncated", shown, value=f"{size:,} B")


def _require_bounded(opened: Any, path: Path, shown: str) -> None:
    bits = int(opened.tags(1, ns="IMAGE_STRUCTURE").get("NBITS", 0))
    each = bits / 8 if bits else np.dtype(opened.dtypes[0]).itemsize
    unpacked = opened.width * opened.height * opened.count * each
    packed = max(path.stat().st_size, 1)
    large = unpacked > SWOLLEN_BYTES and unpacked / packed > SWOLLEN_RATIO
    if large or max(opened.width, opened.height) > LONGEST_SIDE:
        amount = f"{opened.width:,}×{opened.height:,}×{opened.count}"
        raise _refused("raster-swollen", shown, value=amount, size=f"{packed:,} B")


def _require_blocks(opened: Any, path: Path, shown: str) -> None:
    """See that every block that the directory of a TIFF names lies inside the file."""
    size = path.stat().st_size
    high, wide = opened.block_shapes[0]
    across, down = -(-opened.width // wide), -(-opened.height // high)
    bands = range(1, opened.count + 1) if _planar(opened) else (1,)
    for band in bands:
        for row in range(down):
            for col in range(across):
                offset = opened.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", bidx=band)
                length = opened.get_tag_item(f"BLOCK_SIZE_{col}_{row}", "TIFF", bidx=band)
                if offset is not None and int(offset) + int(length or 0) > size:
                    raise _refused("raster-truncated", shown, value=f"{size:,} B")


def _planar(opened: Any) -> bool:
    return bool(opened.tags(ns="IMAGE_STRUCTURE").get("INTERLEAVE") == "BAND")


def described(opened: Any, shown: str, kind: RasterKind) -> Picture:
    """Return what an open picture says of itself.

    Raises
    ------
    SourceError
        If its bands or their type are not those of this kind.
    """
    roles = [role.name for role in opened.colorinterp]
    dtype = str(np.dtype(opened.dtypes[0]))
    alpha = roles.index("alpha") + 1 if "alpha" in roles else 0
    colors = _colors(opened)
    findings = _fit_kind(kind, roles, dtype, shown)
    nodata = None if opened.nodata is None else float(opened.nodata)
    if kind == "elevation" and nodata is None:
        findings += _no_value(opened, shown)
    whole = opened.transform
    placed = None if whole.is_identity else tuple(float(v) for v in whole[:6])
    crs = "" if opened.crs is None or not placed else str(opened.crs.to_wkt())
    return Picture(
        opened.width, opened.height, opened.count, dtype, alpha, nodata, colors, crs, placed,  # type: ignore[arg-type]
        tuple(findings),
    )  # fmt: skip


def _colors(opened: Any) -> tuple[tuple[int, int, int, int], ...]:
    if opened.colorinterp[0] is not ColorInterp.palette:
        return ()
    table = opened.colormap(1)
    return tuple(tuple(table.get(value, (0, 0, 0, 0))) for value in range(max(table) + 1))


def _fit_kind(kind: RasterKind, roles: list[str], dtype: str, shown: str) -> list[Finding]:
    """Refuse bands or types that no raster of this kind has."""
    catalogue, said = Catalogue.of("pipeline.raster"), ", ".join(roles)
    single = kind in ("classes", "elevation")
    nameless = roles in (["gray", "undefined", "undefined"], ["undefined"] * 3)
    color = roles[:3] == ["red", "green", "blue"] or nameless
    grey = roles[0] in ("gray", "palette", "undefined") and roles[1:] in ([], ["alpha"])
    fits = len(roles) == 1 if single else (color or grey) and len(roles) <= 8
    if not fits:
        raise _refused("raster-bands", shown, count=len(roles), value=said, kind=kind)
    allowed = {
        "photo": ("uint8", "uint16"), "scan": ("uint8",), "classes": ("uint8",),
        "elevation": ("int16", "uint16", "int32", "uint32", "float32", "float64", "uint8", "int8"),
    }[kind]  # fmt: skip
    if dtype not in allowed:
        raise _refused("raster-type", shown, value=dtype, kind=kind)
    findings = []
    left = [role for role in roles[3:] if role != "alpha"]
    if color and left and not nameless:
        findings.append(catalogue.finding("raster-bands-left", file=shown, value=", ".join(left)))
    if nameless and not single:
        findings.append(catalogue.finding("raster-bands-nameless", file=shown))
    if dtype == "uint16" and kind == "photo":
        findings.append(catalogue.finding("raster-scaled", file=shown))
    return findings


def _no_value(opened: Any, shown: str) -> list[Finding]:
    shape = (min(SAMPLE, opened.height), min(SAMPLE, opened.width))
    sample = opened.read(1, out_shape=shape)
    return [
        Catalogue.of("pipeline.raster").finding("raster-no-value", file=shown, value=f"{mark:g}")
        for mark in NO_VALUES
        if (sample == mark).any()
    ]
