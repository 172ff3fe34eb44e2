"""PLATEAU CityGML 2: land use, urban planning and buildings, feature by feature.

GDAL reads such a file as one layer without nested attributes and their code lists. Here it is read
as a stream: a feature is dropped from memory as soon as its row is made.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources.refusals import unreadable
from pipeline.sources.table import Raw

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.config.sources import Source

ROOT = re.compile(rb"<[\w.-]*:?CityModel[\s>]")
MEMBER = "cityObjectMember"
WITHHELD = frozenset(
    {"owner", "ownerType", "note", "implementingBody", "serialNumberOfBuildingCertification"}
)
"""May name a person or lead to one: read only where the declaration names the column."""
FREE = frozenset({"keyValuePairAttribute", "KeyValuePairAttribute"})
"""Keys a city made up: what is in them is not known."""
OUTLINES = ("lod0FootPrint", "lod0RoofEdge", "lod1MultiSurface", "lod0MultiSurface")
"""Geometry that is a shape seen from above, in order of preference."""
SOLIDS = ("lod1Solid", "lod2Solid", "lod2MultiSurface")
LABEL = "_label"
HEAD = 65_536
"""Bytes in which the first element has to begin."""


def is_citygml(path: Path) -> bool:
    """Tell whether a GML file is a CityGML model, by its first element."""
    with path.open("rb") as stream:
        return ROOT.search(stream.read(HEAD)) is not None


@dataclass
class _Reading:
    """What is gathered while a file is read."""

    source: Source
    folder: Path
    rows: list[dict[str, str]] = field(default_factory=list)
    shapes: list[Any] = field(default_factory=list)
    withheld: Counter[str] = field(default_factory=Counter)
    units: dict[str, set[str]] = field(default_factory=dict)
    repeated: Counter[str] = field(default_factory=Counter)
    unlisted: Counter[str] = field(default_factory=Counter)
    from_solids: list[int] = field(default_factory=list)

    def wanted(self, name: str) -> bool:
        """Tell whether the declaration names a column."""
        return name in self.source.fields


def read_citygml(path: Path, source: Source) -> Raw:
    """Read the features of a CityGML file, each with its attributes in one row.

    A coded attribute has its code under its own name and the words of its list under
    ``〈name〉_label``. Attributes that may name a person (owners, notes, numbers of building
    certificates, free keys) are read only if the declaration names them, and counted otherwise.

    Raises
    ------
    SourceError
        If it is no XML, has a DOCTYPE, or coordinates in a CRS without a number.
    """
    _refuse_doctype(path, source)
    reading = _Reading(source, path.parent)
    srs = ""
    try:
        for member, named in _members(path):
            srs = named or srs
            for element in member:
                _feature(element, reading)
    except ElementTree.ParseError as error:
        raise unreadable(source.path, "damaged", detail=str(error)) from error
    if not reading.rows:
        raise SourceError([Catalogue.of("pipeline").finding("source-empty", file=source.path)])
    crs, north_first = _crs(srs, source)
    shapes = np.array(reading.shapes, dtype=object)
    if north_first:
        shapes = shapely.transform(shapes, lambda xy: xy[:, ::-1])
    frame = pd.DataFrame(reading.rows).astype(object)
    frame = gpd.GeoDataFrame(frame.where(frame.notna(), None), geometry=shapes, crs=crs)
    numbers = np.arange(1, len(frame) + 1)
    return Raw(frame, numbers, "utf-8", _said(reading), {}, ["CityModel"], "ElementTree")


def _refuse_doctype(path: Path, source: Source) -> None:
    """Refuse entities, which can make a small file endless; they stand before the first element."""
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    root = ROOT.search(head)
    if re.search(rb"<!(DOCTYPE|ENTITY)", head[: root.start() if root else None]):
        raise unreadable(source.path, "doctype")


def _members(path: Path) -> Iterator[tuple[ElementTree.Element, str]]:
    srs = ""
    model: ElementTree.Element | None = None
    for event, element in ElementTree.iterparse(path, events=("start", "end")):
        if model is None:
            model = element
        if event == "start":
            srs = srs or element.get("srsName", "")
        elif _local(element.tag) == MEMBER:
            yield element, srs
            element.clear()
            model.clear()


@cache
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _feature(element: ElementTree.Element, reading: _Reading) -> None:
    row: dict[str, str] = {}
    outlines: dict[str, list[Any]] = {}
    identity = next((v for k, v in element.attrib.items() if _local(k) == "id"), "")
    row["gml_id"] = identity
    _attributes(element, row, outlines, reading)
    reading.rows.append(row)
    reading.shapes.append(_shape(outlines, reading))


def _attributes(
    element: ElementTree.Element,
    row: dict[str, str],
    outlines: dict[str, list[Any]],
    reading: _Reading,
) -> None:
    for child in element:
        name = _local(child.tag)
        if name in OUTLINES or name in SOLIDS:
            outlines.setdefault(name, []).extend(_polygons(child))
        elif child.get("name") is not None or name in FREE:
            _free(child, row, reading)
        elif len(child) == 0:
            _value(name, child, row, reading)
        elif not name.startswith("lod"):
            _attributes(child, row, outlines, reading)


def _free(child: ElementTree.Element, row: dict[str, str], reading: _Reading) -> None:
    """Take a generic attribute (``gen:…``) only if the declaration names it."""
    name = f"gen:{child.get('name')}" if child.get("name") else _local(child.tag)
    text = "".join(child.itertext()).strip()
    if reading.wanted(name):
        row[name] = text
    elif text:
        reading.withheld[name] += 1


def _value(name: str, child: ElementTree.Element, row: dict[str, str], reading: _Reading) -> None:
    text = (child.text or "").strip()
    if not text:
        return
    if name in WITHHELD and not reading.wanted(name):
        reading.withheld[name] += 1
        return
    if unit := child.get("uom"):
        reading.units.setdefault(name, set()).add(unit)
    if name in row and row[name] != text:
        reading.repeated[name] += 1
        text = f"{row[name]};{text}"
    row[name] = text
    if space := child.get("codeSpace"):
        row[name + LABEL] = _label(space, text, reading)


def _label(space: str, text: str, reading: _Reading) -> str:
    labels = _code_list(reading.folder, space)
    words = [labels.get(code, "") for code in text.split(";")]
    if not all(words):
        reading.unlisted[f"{space.rpartition('/')[2]}: {text}"] += 1
    return ";".join(words)


@cache
def _code_list(folder: Path, space: str) -> dict[str, str]:
    """Read a code list of the data set, laid out as PLATEAU does; nothing outside its folder."""
    path = folder.parent.parent / "codelists" / space.rpartition("/")[2]
    if not space.endswith(".xml") or not path.is_file():
        return {}
    if re.search(rb"<!(DOCTYPE|ENTITY)", path.read_bytes()):
        return {}
    found = {}
    for definition in ElementTree.parse(path).iter():
        if _local(definition.tag) == "Definition":
            words = {_local(part.tag): (part.text or "").strip() for part in definition}
            found[words.get("name", "")] = words.get("description", "")
    return found


def _polygons(element: ElementTree.Element) -> list[Any]:
    found = []
    for polygon in element.iter():
        if _local(polygon.tag) == "Polygon":
            rings = [_ring(part) for part in polygon.iter() if _local(part.tag) == "LinearRing"]
            if rings and all(len(ring) >= 4 for ring in rings):
                found.append(shapely.Polygon(rings[0], rings[1:]))
    return found


def _ring(element: ElementTree.Element) -> Any:
    texts = [part.text or "" for part in element if _local(part.tag) in ("posList", "pos")]
    numbers = np.array(" ".join(texts).split(), float)
    stated = next((part.get("srsDimension") for part in element if part.get("srsDimension")), None)
    size = int(stated or (3 if len(numbers) % 3 == 0 else 2))
    return numbers[: len(numbers) // size * size].reshape(-1, size)[:, :2]


def _shape(outlines: dict[str, list[Any]], reading: _Reading) -> Any:
    for name in OUTLINES:
        if outlines.get(name):
            return _multi(outlines[name])
    for name in SOLIDS:
        if outlines.get(name):
            reading.from_solids.append(len(reading.rows))
            faces = shapely.make_valid(np.array(outlines[name], dtype=object))
            return shapely.union_all(faces[shapely.area(faces) > 0])
    return None


def _multi(polygons: list[Any]) -> Any:
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _crs(srs: str, source: Source) -> tuple[str, bool]:
    """Return the horizontal CRS a file names, and whether it puts north first."""
    number = re.search(r"EPSG[:/]+(?:[\d.]*[:/])?(\d{4,5})$", srs)
    try:
        crs = CRS.from_epsg(int(number[1])) if number else None
    except CRSError:
        crs = None
    if crs is None:
        raise unreadable(source.path, "damaged", detail=f"srsName {srs or '-'}")
    flat = crs.sub_crs_list[0] if crs.is_compound else crs
    if flat.is_geographic and len(flat.axis_info) > 2:
        flat = flat.to_2d()
    return f"EPSG:{flat.to_epsg()}", flat.axis_info[0].direction == "north"


def _said(reading: _Reading) -> list[Finding]:
    catalogue, file = Catalogue.of("pipeline"), reading.source.path
    findings = []
    if reading.withheld:
        listed = ", ".join(f"{name} ({n})" for name, n in sorted(reading.withheld.items()))
        findings.append(catalogue.finding("citygml-withheld", file=file, listed=listed))
    for name, units in sorted(reading.units.items()):
        if len(units) > 1:
            listed = ", ".join(sorted(units))
            findings.append(
                catalogue.finding("citygml-units", file=file, field=name, listed=listed)
            )
    if reading.repeated:
        listed = ", ".join(f"{name} ({n})" for name, n in sorted(reading.repeated.items()))
        findings.append(catalogue.finding("citygml-repeated", file=file, listed=listed))
    if reading.unlisted:
        listed = ", ".join(f"{code} ({n})" for code, n in sorted(reading.unlisted.items()))
        findings.append(catalogue.finding("citygml-unlisted", file=file, listed=listed))
    if reading.from_solids:
        rows = len(reading.from_solids)
        findings.append(catalogue.finding("citygml-solids", file=file, rows=rows))
    return findings
