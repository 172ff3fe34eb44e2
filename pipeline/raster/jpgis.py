"""基盤地図情報 DEM: GSI's elevation model in JPGIS (GML), one mesh at a time.

``gml:low`` and ``gml:high`` give the grid, ``gml:tupleList`` lines of ``type,height`` from the
north-west, rows running east; what lies before ``gml:startPoint`` or after the last line is not
there. The envelope holds the outer edges of the cells, latitude first.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding

if TYPE_CHECKING:
    from numpy.typing import NDArray

NONE = -9999.0
LARGEST_GRID = 5_000_000
"""Cells of one mesh; the largest published has 843,750."""
NAME = re.compile(
    r"FG-GML-(?P<mesh>[0-9-]+)-DEM(?P<kind>1|5|10)(?P<series>[A-C])-(?P<date>\d{8})", re.IGNORECASE
)
DECLARED = re.compile(rb"^<\?xml[^>]*?encoding=[\"']([A-Za-z0-9_.\-]+)[\"'][^>]*\?>")
RANK = ("1A", "5A", "5B", "5C", "10A", "10B")
"""Series, the best first."""
GRIDS = {"jgd2000": "EPSG:4612", "jgd2011": "EPSG:6668", "jgd2024": "EPSG:6668"}
"""JGD2024 moved heights only: horizontally it is JGD2011."""


@dataclass(frozen=True)
class Mesh:
    """One mesh: heights in metres (NaN where there is none) and its outer edges in degrees."""

    heights: NDArray[np.float32]
    west: float
    south: float
    east: float
    north: float
    crs: str
    edition: str
    findings: tuple[Finding, ...]

    @property
    def transform(self) -> tuple[float, float, float, float, float, float]:
        """From the corners of pixels to degrees."""
        rows, columns = self.heights.shape
        across, down = (self.east - self.west) / columns, (self.north - self.south) / rows
        return (across, 0.0, self.west, 0.0, -down, self.north)


def read_mesh(content: bytes, shown: str) -> Mesh:
    """Read one file of the model.

    Parameters
    ----------
    content
        In the encoding its XML declaration names.
    shown
        How messages name it.

    Raises
    ------
    SourceError
        If it is none.
    """
    try:
        root = ET.fromstring(_decoded(content))
        return _mesh(root, shown)
    except (ET.ParseError, ValueError, LookupError, KeyError) as error:
        raise wrong(shown, str(error)) from error


def wrong(shown: str, reason: str) -> SourceError:
    """Return the refusal of a file that is no mesh."""
    finding = Catalogue.of("pipeline.raster").finding("dem-structure", file=shown, value=reason)
    return SourceError([finding])


def _decoded(content: bytes) -> str:
    """Decode by the declaration, which expat cannot follow where two bytes are one sign."""
    content = content.removeprefix(codecs.BOM_UTF8)
    found = DECLARED.match(content)
    name = found[1].decode() if found else "utf-8"
    if name.lower().replace("-", "_") in ("shift_jis", "sjis", "x_sjis", "windows_31j"):
        name = "cp932"
    body = content[found.end() :] if found else content
    return body.decode(name)


def _text(root: ET.Element, name: str) -> str:
    for element in root.iter():
        if element.tag.rpartition("}")[2] == name:
            return (element.text or "").strip()
    raise ValueError(f"no {name}")


def _numbers(root: ET.Element, name: str) -> list[float]:
    return [float(word) for word in _text(root, name).split()]


def _mesh(root: ET.Element, shown: str) -> Mesh:
    envelope = next((e for e in root.iter() if e.tag.endswith("}Envelope")), None)
    if envelope is None:
        raise ValueError("no Envelope")
    edition = envelope.get("srsName", "").rpartition(":")[2].removesuffix(".bl").lower()
    (south, west), (north, east) = _numbers(root, "lowerCorner"), _numbers(root, "upperCorner")
    low, high = _numbers(root, "low"), _numbers(root, "high")
    columns, rows = int(high[0] - low[0]) + 1, int(high[1] - low[1]) + 1
    if not (0 < columns * rows <= LARGEST_GRID and columns > 0):
        raise ValueError(f"{columns}×{rows}")
    if not (south < north and west < east and edition in GRIDS):
        raise ValueError(f"{edition} {south} {west} {north} {east}")
    start_x, start_y = (int(v) for v in _numbers(root, "startPoint"))
    heights, findings = _grid(_text(root, "tupleList"), (rows, columns), (start_x, start_y), shown)
    return Mesh(heights, west, south, east, north, GRIDS[edition], edition, tuple(findings))


def _grid(
    text: str, shape: tuple[int, int], start: tuple[int, int], shown: str
) -> tuple[NDArray[np.float32], list[Finding]]:
    rows, columns = shape
    values = np.array([line.rpartition(",")[2] for line in text.split()], dtype=np.float32)
    first = start[1] * columns + start[0]
    if not 0 <= first <= rows * columns:
        raise ValueError(f"startPoint {start}")
    findings = []
    room = rows * columns - first
    if len(values) > room:
        findings.append(
            Catalogue.of("pipeline.raster").finding(
                "dem-count", file=shown, count=len(values), value=f"{columns}×{rows}"
            )
        )
    heights = np.full(rows * columns, np.nan, np.float32)
    heights[first : first + len(values)] = values[:room]
    heights[heights <= NONE] = np.nan
    return heights.reshape(shape), findings


def chosen(names: list[str]) -> tuple[list[str], list[str]]:
    """Choose of several files of one mesh the finest series, and of that the newest.

    Returns
    -------
    chosen, left
        The coarsest series first, so that finer ones lie on top of it (a mesh of 10 m holds a
        hundred of 5 m), then in order of name; files that are not named like the model are chosen.
    """
    best: dict[str, tuple[int, int, str]] = {}
    left: list[str] = []
    for name in sorted(names):
        found = NAME.search(name)
        if found is None:
            best[name] = (0, 0, name)
            continue
        series = f"{found['kind']}{found['series'].upper()}"
        rank = RANK.index(series) if series in RANK else len(RANK)
        mine = (rank, -int(found["date"]), name)
        mesh = f"{found['mesh']}"
        other = best.get(mesh)
        if other is None or mine < other:
            best[mesh] = mine
            left += [other[2]] if other else []
        else:
            left.append(name)
    upwards = sorted(best.values(), key=lambda one: (-one[0], one[2]))
    return [name for _, _, name in upwards], sorted(left)
