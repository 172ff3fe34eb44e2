"""Features as a table for spreadsheets: what was found, in the columns of the layer's CSV file."""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from pipeline.check.formulas import starts_formula
from pipeline.standardise.headings import LABEL
from tiles_server.manifest import code_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tiles_server.manifest import Layer


def csv_of(layer: Layer, features: Sequence[bytes]) -> bytes:
    """Return features as CSV, in their order.

    UTF-8 with a byte order mark, headings and columns as :func:`pipeline.write.write_csv` has
    them: ``id``, the published fields, and where the layer has places ``longitude`` and
    ``latitude``. A text that a spreadsheet would run as a formula gets an apostrophe in front
    (OWASP, CSV Injection); the layer's own file and its GeoJSON keep it as it is.
    """
    import shapely  # noqa: PLC0415 - only for those who ask for tables

    columns = _columns(layer)
    records = [orjson.loads(text) for text in features]
    shapes = shapely.from_geojson(
        [orjson.dumps(record["geometry"]).decode() if record["geometry"] else None
         for record in records]
    )  # fmt: skip
    points = shapely.point_on_surface(shapes)
    placed = bool(layer.geometry)
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\r\n")
    ends = ["longitude", "latitude"] if placed else []
    table.writerow([layer.heading(name) for name in ["id", *(c for c, _ in columns), *ends]])
    for record, point in zip(records, points, strict=True):
        row = [record["id"], *(told(record["properties"]) for _, told in columns)]
        table.writerow([_cell(value) for value in row] + (_position(point) if placed else []))
    return stream.getvalue().encode("utf-8-sig")


def _columns(layer: Layer) -> list[tuple[str, Callable[[dict[str, Any]], Any]]]:
    """Return the columns by name, and what each tells of the properties of a feature."""
    found: list[tuple[str, Callable[[dict[str, Any]], Any]]] = []
    for field in layer.csv_columns:
        found.append((field.name, partial(_value, field.name)))
        if layer.labelled(field):
            found.append((field.name + LABEL, partial(_words, field.name, field.codes)))
    return found


def _value(name: str, properties: dict[str, Any]) -> Any:
    return properties.get(name)


def _words(name: str, codes: str, properties: dict[str, Any]) -> str:
    return code_words(codes, properties.get(name)).ja


def _position(point: Any) -> list[str]:
    if point is None or point.is_empty:
        return ["", ""]
    return [repr(round(point.x, 7)), repr(round(point.y, 7))]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str) and starts_formula(value):
        return f"'{value}"
    return str(value)
