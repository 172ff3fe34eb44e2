"""Rows of cells as a table; CSV files: every cell as text, every row with its number."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding
from pipeline.sources.headings import joined
from pipeline.sources.refusals import unreadable
from pipeline.sources.table import Raw, places
from pipeline.sources.text import CLEARLY, TWO_BYTE, decode, detect, likelihood, python_codec

END_MARK = "\r\n\x04"
"""A last line of our own: it stays a row by itself unless an open quotation mark swallows it."""

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.config.sources import Source


def read_csv(path: Path, source: Source) -> Raw:
    """Read a CSV or TSV file.

    Raises
    ------
    SourceError
        If the text is not in the declared encoding, or has no header row.
    """
    raw = path.read_bytes()
    if not raw.strip():
        raise SourceError([Catalogue.of("pipeline").finding("source-empty", file=source.path)])
    text, codec, findings = _decode_file(raw, source)
    return as_table(_records(text, path_delimiter(source), source), source, codec, findings)


def _records(text: str, delimiter: str, source: Source) -> list[list[str]]:
    """Split CSV text into rows of cells, however long a cell is.

    Raises
    ------
    SourceError
        If a quotation mark is never closed: the rest of the file would vanish into one cell.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    marked = csv.reader(io.StringIO(text + END_MARK, newline=""), delimiter=delimiter)
    records = list(marked)
    if not records or records[-1] == [END_MARK.strip()]:
        return records[:-1]
    if records[-1][-1].endswith(END_MARK):
        raise SourceError(
            [Catalogue.of("pipeline").finding("quote-open", file=source.path, row=len(records))]
        )
    return records


def _decode_file(raw: bytes, source: Source) -> tuple[str, str, list[Finding]]:
    catalogue = Catalogue.of("pipeline")
    if source.encoding:
        codec = python_codec(source.encoding)
        if codec is None:
            raise SourceError(
                [catalogue.finding("encoding-unknown", file=source.path, value=source.encoding)]
            )
        text = _strict(raw, codec, source)
        other = detect([raw])
        if other not in ("", "ascii", codec) and _is_better(raw, other, text):
            raise SourceError([_wrong_encoding(raw, source, other, row=None)])
        return text, codec, []
    if (row := _broken_utf8(raw)) is not None:
        raise SourceError([_wrong_encoding(raw, source, "", row)])
    codec = detect([raw])
    if not codec:
        _refuse_cut(raw, source)
        raise SourceError([_unclear_encoding(raw, source)])
    found = catalogue.finding("encoding-found", file=source.path, value=codec)
    if codec == "ascii":
        return raw.decode("ascii"), "utf-8", []
    return _strict(raw, codec, source), codec, [found]


def _is_better(raw: bytes, other: str, text: str) -> bool:
    """Tell whether another encoding makes sense of a text that is nonsense as declared."""
    if other == "utf-8":
        return not text.isascii()
    decoded = decode(raw, other).text
    return decoded is not None and likelihood(decoded) > likelihood(text) + CLEARLY


def _refuse_cut(raw: bytes, source: Source) -> None:
    """Refuse a file that ends in half a character: something was after it."""
    for codec in ("utf-8", *TWO_BYTE):
        if decode(raw, codec).cut:
            detail = raw[-12:].decode(codec, "ignore")
            raise unreadable(source.path, "truncated", detail=f"…{detail}")


def _unclear_encoding(raw: bytes, source: Source) -> Finding:
    fitting = [codec for codec in TWO_BYTE if decode(raw, codec).text is not None]
    return Catalogue.of("pipeline").finding(
        "encoding-unclear", file=source.path, known=", ".join(fitting) or "—"
    )


def _broken_utf8(raw: bytes) -> int | None:
    """Return the row of the first bad byte of a text that is UTF-8 but for a few bytes."""
    if raw.isascii():
        return None
    decoded = raw.decode("utf-8", "replace")
    strange = sum(1 for character in decoded if not character.isascii())
    if decoded.count("\ufffd") * 20 > strange or "\ufffd" not in decoded:
        return None
    return decoded[: decoded.index("\ufffd")].count("\n") + 1


def _strict(raw: bytes, codec: str, source: Source) -> str:
    try:
        return raw.decode("utf-8-sig" if codec == "utf-8" else codec).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        row = _row_at(raw[: error.start].decode(codec, "replace"), path_delimiter(source))
        other = detect([raw])
        if other in ("", "ascii", codec):
            other = ""
            _refuse_cut(raw, source)
        raise SourceError([_wrong_encoding(raw, source, other, row)]) from error


def path_delimiter(source: Source) -> str:
    """Return what separates the cells of a text file, by the ending of its name."""
    return "\t" if source.path.lower().endswith(".tsv") else ","


def _row_at(before: str, delimiter: str) -> int:
    """Return the row, as a spreadsheet counts, that follows the text `before`."""
    csv.field_size_limit(max(csv.field_size_limit(), len(before) + 2))
    return sum(1 for _ in csv.reader(io.StringIO(before + "?", newline=""), delimiter=delimiter))


def _wrong_encoding(raw: bytes, source: Source, other: str, row: int | None) -> Finding:
    if other:
        try:
            raw.decode(other)
        except UnicodeDecodeError:
            other = ""
    return Catalogue.of("pipeline").finding(
        "encoding-wrong",
        file=source.path,
        row=row,
        value=source.encoding or "?",
        remedy_ja=f"layers.yaml に encoding: {other} と書いてください。"
        if other
        else "ファイルを開いて「CSV UTF-8」で保存し直してください。",
        remedy_en=f"Write encoding: {other} in layers.yaml."
        if other
        else "Open the file and save it again as 'CSV UTF-8'.",
    )


def as_table(
    records: Sequence[Sequence[str]], source: Source, codec: str, findings: list[Finding]
) -> Raw:
    """Make a table of rows of cells, the heading among them.

    Parameters
    ----------
    records
        From row 1 of the file; rows may be of different length.

    Raises
    ------
    SourceError
        If the heading row is empty.
    """
    catalogue = Catalogue.of("pipeline")
    named = records[source.header - source.header_rows : source.header]
    header = joined(named) if len(records) >= source.header else []
    if not any(header):
        raise SourceError(
            [catalogue.finding("header-missing", file=source.path, row=source.header)]
        )
    findings += _repeated_columns(header, source)
    numbered = [
        (number, record)
        for number, record in enumerate(records[source.header :], start=source.header + 1)
        if any(cell.strip() for cell in record)
    ]
    findings += _too_long(numbered, len(header), source)
    width = len(header)
    cells = [[*record[:width], *[""] * (width - len(record))] for _, record in numbered]
    frame = pd.DataFrame(cells, columns=_unique(header), dtype=object)
    rows = np.array([number for number, _ in numbered], dtype=np.int64)
    return Raw(frame, rows, codec, findings)


def _unique(header: list[str]) -> list[str]:
    """Name unnamed columns by position and number repeated ones, so that each is reachable.

    The name *geometry* belongs to the shape, so a column of that name is its second.
    """
    seen = Counter(["geometry"])
    taken = {*header}
    names: list[str] = []
    for position, name in enumerate(header, start=1):
        base = name or f"({position})"
        seen[base] += 1
        own, number = base, seen[base]
        while number > 1 and (own := f"{base}.{number}") in taken:
            number += 1
        taken.add(own)
        names.append(own)
    return names


def _repeated_columns(header: list[str], source: Source) -> list[Finding]:
    counts = Counter(["geometry", *header])
    repeated = sorted({name for name in header if name and counts[name] > 1})
    return [
        Catalogue.of("pipeline").finding(
            "column-repeated", file=source.path, row=source.header, field=name
        )
        for name in repeated
    ]


def _too_long(
    numbered: list[tuple[int, Sequence[str]]], width: int, source: Source
) -> list[Finding]:
    long = [(n, r) for n, r in numbered if any(cell.strip() for cell in r[width:])]
    if not long:
        return []
    values = [next(cell for cell in r[width:] if cell.strip()) for _, r in long]
    return [
        Catalogue.of("pipeline").finding(
            "row-too-long",
            file=source.path,
            places=places(source.path, [number for number, _ in long], values),
            columns=width,
        )
    ]
