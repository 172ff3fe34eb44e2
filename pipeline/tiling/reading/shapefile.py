"""Text of a Shapefile, read for tiles as it is read for layers (:mod:`pipeline.sources.text`).

GDAL hands out every byte as a Latin-1 character, so that we decide what the text is. A ``.dbf``
without ``.cpg`` is CP932 until its bytes prove that it is UTF-8.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pipeline.errors import TilingError
from pipeline.findings import Catalogue
from pipeline.tiling.arrow import contiguous
from pipeline.tiling.reading.source import Noticed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.findings import Finding

_CATALOGUE = Catalogue.of("pipeline.tiling")
RAW = "ISO-8859-1"


@dataclass(frozen=True)
class Encoding:
    """How the text of a Shapefile is read.

    Attributes
    ----------
    codec
        Python's name of it.
    wrong
        Column, by its bytes as Latin-1 -> positions of cells that are no number, and their bytes.
    raw
        What GDAL is told.
    """

    codec: str
    wrong: dict[str, dict[int, bytes]] = field(default_factory=dict)
    raw: str = RAW

    def shown(self, name: str) -> str:
        """Return the name of a column whose bytes GDAL hands out as Latin-1."""
        from pipeline.sources.text import decode

        return decode(name.encode(RAW, "replace"), self.codec).text or name


def encoding_of(path: Path, findings: list[Finding]) -> Encoding:
    """Decide in which encoding a Shapefile is, and look for numbers that GDAL makes up.

    Raises
    ------
    TilingError
        If its table is missing or its text is in no encoding that is known.
    """
    from pipeline.sources.dbf import NUMERIC, read_dbf

    table = next((p for e in (".dbf", ".DBF", ".Dbf") if (p := path.with_suffix(e)).exists()), None)
    if table is None:
        raise TilingError(f"{path}: 属性の .dbf がありません / its table (.dbf) is missing")
    codec = _codec(path, findings)
    facts = read_dbf(table)
    wrong: dict[str, dict[int, bytes]] = {}
    for column in facts.columns if facts is not None else []:
        cells = facts.unreadable_numbers(column) if facts and column.kind in NUMERIC else {}
        if cells:
            wrong[column.name.decode(RAW)] = cells
    return Encoding(codec, wrong)


def _codec(path: Path, findings: list[Finding]) -> str:
    from pipeline.sources.text import decode, is_utf8, python_codec

    said = next((p for e in (".cpg", ".CPG") if (p := path.with_suffix(e)).exists()), None)
    named = None if said is None else python_codec(said.read_bytes().decode("utf-8-sig", "replace"))
    codec = named or "cp932"
    telling = list(_telling(path))
    if not telling:
        return codec
    unreadable = sum(decode(raw, codec).text is None for raw in telling)
    if unreadable * 2 > len(telling) or (codec == "cp932" and is_utf8(telling)):
        for other in ("utf-8", "cp932"):
            if other != codec and all(decode(raw, other).text is not None for raw in telling):
                findings.append(
                    _CATALOGUE.finding("text-corrected", file=str(path), value=codec, used=other)
                )
                return other
        raise TilingError(
            f"{path}: 文字コードが {codec} ではなく、UTF-8 でも CP932 でもありません /"
            f" its text is not {codec}, nor UTF-8 or CP932: write its encoding into a .cpg file"
        )
    if named is None:
        findings.append(_CATALOGUE.finding("text-assumed", file=str(path), value=codec))
    return codec


def _telling(path: Path) -> Iterator[bytes]:
    """Yield every distinct text of the table that is not ASCII, names of columns included."""
    from pyogrio.raw import open_arrow

    seen: set[str] = set()
    with open_arrow(path, encoding=RAW, read_geometry=False, use_pyarrow=True) as (_, reader):
        for name in reader.schema.names:
            if not name.isascii():
                yield name.encode(RAW, "replace")
        for batch in reader:
            for column in batch.columns:
                if _is_text(column.type):
                    for text in column.unique().to_pylist():
                        if text and not text.isascii() and text not in seen:
                            seen.add(text)
                            yield text.encode(RAW, "replace")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def with_text(
    table: pa.Table, shape: str, encoding: Encoding, first: int, noticed: list[Noticed]
) -> pa.Table:
    """Return a table with names and text decoded, and no number where the file has none.

    Parameters
    ----------
    table
        As GDAL gives it, bytes as Latin-1.
    shape
        Column of the geometry, which stays.
    encoding
        What :func:`encoding_of` says.
    first
        Position of the first row in the file.
    noticed
        Takes what had to be changed.
    """
    columns: dict[str, Any] = {}
    for name in table.column_names:
        column = contiguous(table.column(name))
        if name == shape:
            columns[name] = column
            continue
        shown = encoding.shown(name)
        if _is_text(column.type):
            column = _decoded(column, shown, encoding.codec, noticed)
        if name in encoding.wrong:
            column = _without(column, shown, encoding.wrong[name], first, noticed)
        while shown in columns:
            shown += "_"
        columns[shown] = column
    return pa.table(columns)


def _decoded(column: pa.Array, name: str, codec: str, noticed: list[Noticed]) -> pa.Array:
    from pipeline.sources.text import decode

    coded = column.dictionary_encode()
    found = [decode(text.encode(RAW, "replace"), codec) for text in coded.dictionary.to_pylist()]
    for code, hit in (
        ("text-cut", [one.cut for one in found]),
        ("text-undecodable", [one.text is None for one in found]),
    ):
        if any(hit):
            rows = [at for at, index in enumerate(coded.indices.to_pylist())
                    if index is not None and hit[index]]  # fmt: skip
            value = found[hit.index(True)].text or ""
            noticed.append(Noticed(code, rows[0], len(rows), name, value))
    return pa.array([one.text for one in found], pa.large_string()).take(coded.indices)


def _without(
    column: pa.Array, name: str, wrong: dict[int, bytes], first: int, noticed: list[Noticed]
) -> pa.Array:
    here = sorted(at - first for at in wrong if first <= at < first + len(column))
    if not here:
        return column
    value = wrong[here[0] + first].decode("cp932", "replace")
    noticed.append(Noticed("number-unreadable", here[0], len(here), name, value))
    values = column.to_pylist()
    for at in here:
        values[at] = None
    return pa.array(values, column.type)
