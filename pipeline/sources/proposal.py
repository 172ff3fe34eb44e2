"""Looking at an unknown file: what is in it, and the YAML that would declare it."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
from ruamel.yaml import YAML

from pipeline.config.sources import Source
from pipeline.errors import SourceError
from pipeline.sources.crs import crs_label
from pipeline.sources.read import read_records
from pipeline.standardise.schemas import schema_fields, schema_names
from pipeline.standardise.values import convert, inferred_type, plain

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.sources.table import Raw
    from pipeline.standardise.dates import Note

LONGITUDE = ("経度", "lon", "lng", "longitude", "x座標", "経度（度）")
LATITUDE = ("緯度", "lat", "latitude", "y座標", "緯度（度）")
_CODE = re.compile(
    r"コード|番号|郵便|(?i:code$)|(?i:(?:^|[_ ])(?:number|no|cd|id)$)|[a-z](?:Number|No|Cd|Id|ID)$"
)
"""Headings of what is a name made of digits: it is never added up, and its zeros count."""
_WITHOUT_PLACES = """\
# 座標らしい列がありません。位置のない表なら、レイヤーに geometry: none と書きます。
# 座標の列があるなら、ここに geometry: {x: 経度の列, y: 緯度の列, crs: EPSG:6668} と書きます。
# No column looks like a coordinate: write geometry: none in the layer if it is a table without
# places, or geometry: {x: …, y: …, crs: …} here if two columns are coordinates.
"""
SAMPLES = 3


@dataclass
class Proposal:
    """What a file holds and how it could be declared.

    Attributes
    ----------
    file
        Name of the file.
    features
        Number of records.
    encoding, crs, geometry
        As found; empty where the file does not say.
    tables
        Sheets or layers of the file.
    columns
        ``name``, ``type``, ``filled`` (records with a value) and up to three ``examples``.
    schema
        The national schema most of whose fields are there, or empty.
    yaml
        A source for ``layers.yaml``.
    findings
        What reading it showed.
    """

    file: str
    features: int = 0
    encoding: str = ""
    crs: str = ""
    geometry: str = ""
    tables: list[str] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=list)
    schema: str = ""
    yaml: str = ""
    findings: list[Finding] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return vars(self) | {"findings": [finding.as_dict() for finding in self.findings]}


def propose(path: Path, table: str = "") -> Proposal:
    """Look at a ledger or geometry file.

    Parameters
    ----------
    path
        The file.
    table
        Sheet or layer to look at; the first unless given.

    Raises
    ------
    SourceError
        If it cannot be read; the findings say why.
    """
    source = Source.model_construct(
        municipality="", path=path.name, encoding="", table=table, header=1, crs="",
        geometry=None, fields={}, values={},
    )  # fmt: skip
    raw = _with_header_found(path, source)
    frame = raw.frame
    found = Proposal(path.name, len(frame), raw.encoding, tables=raw.tables)
    found.findings = raw.findings
    if isinstance(frame, gpd.GeoDataFrame):
        found.crs = crs_label(frame.crs) if frame.crs else ""
        found.geometry = ", ".join(sorted(set(frame.geometry.geom_type.dropna())))
    names = [str(name) for name in frame.columns if name != "geometry"]
    found.columns = [_column(name, raw) for name in names]
    found.schema = _likely_schema(names)
    found.yaml = _yaml(found, names, raw)
    return found


def _with_header_found(path: Path, source: Source) -> Raw:
    """Read with the header in the first row that looks like one: most cells filled, no numbers."""
    best: Raw | None = None
    for header in range(1, 7):
        try:
            raw = read_records(path, source.model_copy(update={"header": header}))
        except SourceError:
            if best is None and header == 1:
                raise
            break
        named = [c for c in map(str, raw.frame.columns) if not re.fullmatch(r"\(\d+\)", c)]
        if isinstance(raw.frame, gpd.GeoDataFrame) or len(named) >= 0.8 * len(raw.frame.columns):
            raw.frame.attrs["header"] = header
            return raw
        best = best or raw
    assert best is not None
    return best


def _column(name: str, raw: Raw) -> dict[str, Any]:
    filled = _filled(raw.frame[name])
    examples = [str(value)[:40] for value in filled.unique()[:SAMPLES]]
    kind = "string" if _named_by_digits(name, filled) else _likely_type(filled, raw.exact.get(name))
    return {"name": name, "type": kind, "filled": len(filled), "examples": examples}


def _filled(column: pd.Series) -> pd.Series:
    filled = column.reset_index(drop=True).dropna()
    return filled[filled.astype(str).str.strip() != ""]


def _named_by_digits(name: str, filled: pd.Series) -> bool:
    """Tell whether a column holds codes: its heading says so, and its values are short words."""
    values = filled.astype(str).map(plain)
    return bool(_CODE.search(plain(name))) and bool(values.str.fullmatch(r"[0-9A-Za-z-]+").all())


def _likely_type(filled: pd.Series, exact: dict[int, Any] | None) -> str:
    """Return the narrowest type all values fit; codes with leading zeros stay text."""
    known = inferred_type(filled)
    if known != "string" or not len(filled):
        return known
    if filled.astype(str).str.match(r"0\d").any():
        return "string"
    values = [(exact or {}).get(at, cell) for at, cell in filled.items()]
    filled = pd.Series(values, dtype=object)
    kinds = ("integer", "number", "date", "datetime")
    return next((kind for kind in kinds if _fits(filled, kind)), "string")


def _fits(filled: pd.Series, kind: str) -> bool:
    """Tell whether every value is of a type, and loses nothing by it."""
    _, unreadable, notes = convert(filled, kind)
    lossy: set[Note] = {"date-had-time", "datetime-no-time"}
    # Days at midnight here and there are how a spreadsheet shows moments.
    allowed = (
        {"datetime-no-time"} if len(notes.get("datetime-no-time", ())) < len(filled) else set()
    )
    return not unreadable and not (lossy & notes.keys()) - allowed


def _likely_schema(names: list[str]) -> str:
    """Return the schema of which the file has the most fields, if it has at least three."""
    spelled = {plain(name) for name in names}

    def score(schema: str) -> int:
        fields = schema_fields(schema).values()
        return sum(
            any(plain(h) in spelled for h in (f.name, f.title_ja, *f.headings)) for f in fields
        )

    best = max(schema_names(), key=score, default="")
    return best if best and score(best) >= 3 else ""


def _metres(raw: Raw, name: str) -> bool:
    """Tell whether a coordinate column holds numbers that no degrees reach."""
    if not name:
        return False
    numbers = pd.to_numeric(raw.frame[name].astype(str).map(plain), errors="coerce").abs()
    return bool(numbers.max() > 180)


def _pick(names: list[str], known: tuple[str, ...]) -> str:
    return next((n for n in names if plain(n).lower() in known), "")


def _yaml(found: Proposal, names: list[str], raw: Raw) -> str:
    source: dict[str, Any] = {"municipality": "…", "path": f"…/{found.file}"}
    if found.encoding:
        source["encoding"] = found.encoding
    if len(found.tables) > 1:
        source["table"] = found.tables[0]
    header = raw.frame.attrs.get("header", 1)
    if header > 1:
        source["header"] = header
    x, y = _pick(names, LONGITUDE), _pick(names, LATITUDE)
    crs = "EPSG:6668"
    if _metres(raw, x) or _metres(raw, y):
        # X of a plane rectangular ledger points north (平成14年国土交通省告示第9号).
        x, y, crs = y, x, "EPSG:…"
    if not found.geometry and (x or y):
        source["geometry"] = {"x": x or "…", "y": y or "…", "crs": crs}
    elif found.geometry and not found.crs:
        source["crs"] = "EPSG:…"
    if not found.schema:
        source["fields"] = {name: "…" for name in names if name not in (x, y)}
    text = io.StringIO()
    writer = YAML()
    writer.indent(sequence=2, offset=0)
    writer.width = 10_000
    writer.dump([source], text)
    hint = f"# schema: {found.schema}\n" if found.schema else ""
    return hint + text.getvalue() + ("" if found.geometry or x or y else _WITHOUT_PLACES)
