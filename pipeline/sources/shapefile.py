"""What is special about the table of a Shapefile: text decoded by us, numbers that are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources.dbf import NUMERIC, read_dbf
from pipeline.sources.gdal import part_of
from pipeline.sources.table import places
from pipeline.sources.text import CLEARLY, decode, detect, likelihood, python_codec

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.sources import Source
    from pipeline.sources.table import Raw

RAW_BYTES = "ISO-8859-1"
"""Reading as Latin-1 keeps every byte, so that we decide what the text is, value by value."""
DAMAGED = 0.1
"""Share of the values that need not be text of an encoding for it to be found."""


def look_behind_gdal(raw: Raw, path: Path, source: Source) -> None:
    """Undo what GDAL does silently to a ``.dbf``: zeros for text, one value for two columns."""
    part = part_of(path, ".dbf")
    table = read_dbf(part) if part else None
    if table is None:
        return
    catalogue = Catalogue.of("pipeline")
    for repeated in sorted(table.repeated_names()):
        shown = repeated.decode("cp932", "replace")
        raw.findings.append(catalogue.finding("column-ambiguous", file=source.path, field=shown))
        raw.frame = raw.frame.drop(columns=repeated.decode(RAW_BYTES), errors="ignore")
    if len(table.records) != len(raw.frame):
        return
    for column in table.columns:
        wrong = table.unreadable_numbers(column) if column.kind in NUMERIC else {}
        name = column.name.decode(RAW_BYTES)
        if wrong and name in raw.frame:
            raw.frame[name] = raw.frame[name].astype("Float64")
            raw.frame.loc[raw.frame.index[list(wrong)], name] = pd.NA
            raw.findings.append(_number_unreadable(raw, column.name, wrong, source))


def _number_unreadable(raw: Raw, name: bytes, wrong: dict[int, bytes], source: Source) -> Finding:
    at = sorted(wrong)
    return Catalogue.of("pipeline").finding(
        "number-unreadable",
        file=source.path,
        field=name.decode("cp932", "replace"),
        places=places(source.path, raw.rows[at], [wrong[n].decode("cp932", "replace") for n in at]),
    )


def _declared_codec(path: Path, source: Source) -> tuple[str, str]:
    """Return the codec to try and where it comes from: declared, cpg or assumed."""
    if source.encoding:
        codec = python_codec(source.encoding)
        if codec is None:
            raise SourceError(
                [
                    Catalogue.of("pipeline").finding(
                        "encoding-unknown", file=source.path, value=source.encoding
                    )
                ]
            )
        return codec, "declared"
    if (cpg := part_of(path, ".cpg")) is not None:
        codec = python_codec(cpg.read_bytes()[:100].decode("utf-8-sig", "replace"))
        if codec:
            return codec, "cpg"
    return "cp932", "assumed"


def decode_attributes(raw: Raw, path: Path, source: Source) -> None:
    """Decode names and values of a table that was read as :data:`RAW_BYTES`, in place.

    Raises
    ------
    SourceError
        If the text is not in the declared encoding, or in none that is known.
    """
    frame = raw.frame
    geometry = frame.geometry.name
    texts = [
        name
        for name in frame.columns
        if name != geometry and not pd.api.types.is_numeric_dtype(frame[name])
    ]
    values = {
        name: {v: str(v).encode(RAW_BYTES) for v in frame[name].dropna().unique()} for name in texts
    }
    samples = [b for column in values.values() for b in column.values()]
    codec = _choose_codec(path, source, samples, raw.findings)
    for name, column in values.items():
        decoded = {v: decode(b, codec) for v, b in column.items()}
        shown = decode(str(name).encode(RAW_BYTES), codec).text or str(name)
        raw.findings += _text_findings(raw, name, shown, decoded, source)
        frame[name] = frame[name].map({v: d.text for v, d in decoded.items()}).astype(object)
    names = {
        name: decode(str(name).encode(RAW_BYTES), codec).text or str(name)
        for name in frame.columns
        if name != geometry
    }
    raw.frame = frame.rename(columns=names)
    raw.encoding = codec


def _choose_codec(path: Path, source: Source, samples: list[bytes], findings: list[Finding]) -> str:
    catalogue = Catalogue.of("pipeline")
    codec, origin = _declared_codec(path, source)
    telling = [raw for raw in samples if not raw.isascii()]
    if not telling:
        return codec
    unreadable = sum(decode(raw, codec).text is None for raw in telling)
    found = detect(telling, DAMAGED)
    other = "" if found == codec else found
    if unreadable * 2 > len(telling) or (other and _is_clearly(telling, other, codec)):
        if origin == "declared" or not other:
            raise SourceError(
                [
                    catalogue.finding(
                        "encoding-wrong",
                        file=source.path,
                        value=codec,
                        remedy_ja=f"layers.yaml に encoding: {other or 'cp932'} と書いてください。",
                        remedy_en=f"Write encoding: {other or 'cp932'} in layers.yaml.",
                    )
                ]
            )
        findings.append(
            catalogue.finding("encoding-corrected", file=source.path, value=codec, used=other)
        )
        return other
    if origin == "assumed":
        findings.append(catalogue.finding("encoding-assumed", file=source.path, value=codec))
    return codec


def _is_clearly(samples: list[bytes], other: str, codec: str) -> bool:
    """Tell whether text makes sense in another encoding and none in this one."""
    if other == "utf-8":
        return True
    texts = ["".join(decode(raw, c).text or "" for raw in samples) for c in (other, codec)]
    return likelihood(texts[0]) > likelihood(texts[1]) + CLEARLY


def _text_findings(
    raw: Raw, name: Any, shown: str, decoded: dict[Any, Any], source: Source
) -> list[Finding]:
    found = []
    for code, bad in (
        ("text-cut", {v for v, d in decoded.items() if d.cut}),
        ("text-undecodable", {v for v, d in decoded.items() if d.text is None}),
    ):
        if bad:
            hits = np.flatnonzero(raw.frame[name].isin(bad).to_numpy())
            texts = [decoded[value].text or "" for value in raw.frame[name].iloc[hits]]
            found.append(
                Catalogue.of("pipeline").finding(
                    code,
                    file=source.path,
                    field=shown,
                    places=places(source.path, raw.rows[hits], texts),
                )
            )
    return found
