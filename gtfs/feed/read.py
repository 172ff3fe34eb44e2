"""Any published feed, as it is found, into tables.

Published archives carry byte order marks, sub-folders, headers in odd case, lines that are too
short, text that is not UTF-8. What can be read is read; what was odd about it is a finding; files
nobody knows are kept.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from gtfs.errors import FeedUnreadable
from gtfs.feed.columns import seconds
from gtfs.feed.container import contents
from gtfs.feed.schema import Kind, tables
from gtfs.feed.tables import Feed, kind, ordered, typed_table
from pipeline.findings import Catalogue, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

_RUBBISH = {".DS_Store", "Thumbs.db", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class ReadFeed:
    """A feed as it was read, and what was odd about its files."""

    feed: Feed
    findings: list[Finding]


def read_feed(path: Path) -> ReadFeed:
    """Read a GTFS zip, or a folder with the files of one.

    Returns
    -------
    ReadFeed
        Every table (empty ones too, when their file has a header), ``locations.geojson`` and all
        other files; values that do not fit their column are absent in the table and listed in
        the findings with file, row and field.

    Raises
    ------
    FeedUnreadable
        If there is no such file, it is no zip, or it holds no table of GTFS.
    """
    packed, left_out = contents(path)
    members, findings = _tables_folder(packed)
    findings = left_out + findings
    feed = Feed()
    for name, data in members.items():
        odd: list[Finding]
        if name.endswith(".txt"):
            table, odd = _read_table(name, data)
            findings += odd
            if table is not None:
                feed[name.removesuffix(".txt")] = table
        elif name == "locations.geojson":
            feed.locations, odd = _read_locations(name, data)
            findings += odd
        else:
            feed.extras[name] = data
    if not any(name in tables() for name in feed):
        found = _say("feed-without-tables", file=path.as_posix())
        raise FeedUnreadable(f"{path} holds no table of GTFS", [found])
    return ReadFeed(feed, findings)


def _tables_folder(members: Mapping[str, bytes]) -> tuple[dict[str, bytes], list[Finding]]:
    """Name the members relative to the folder that holds most known tables."""
    folders = Counter(
        PurePosixPath(name).parent for name in members if PurePosixPath(name).stem in tables()
    )
    folder = min(folders, key=lambda f: (-folders[f], len(f.parts), str(f)), default=None)
    chosen: dict[str, bytes] = {}
    findings = []
    for name, data in members.items():
        path = PurePosixPath(name)
        if path.name in _RUBBISH or "__MACOSX" in path.parts:
            findings.append(_say("feed-file-ignored", file=name))
        elif folder is not None and path.parent == folder:
            chosen[path.name] = data
        else:
            chosen[name] = data
    if folder is not None and folder.parts:
        findings.append(_say("feed-in-folder", file=folder.as_posix()))
    return chosen, findings


def _read_locations(name: str, data: bytes) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Read the zones of Flex; what is no collection of features with ids is left out."""
    try:
        found = orjson.loads(data.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        return None, [_say("feed-zones-unreadable", file=name, reason=error)]
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        return None, [_say("feed-zones-unreadable", file=name, reason="no features")]
    for position, feature in enumerate(features):
        if not isinstance(feature, dict) or not isinstance(feature.get("id"), str):
            reason = "no id" if isinstance(feature, dict) else "no Feature"
            at = str(position)
            return None, [_say("feed-zones-unreadable", file=name, feature=at, reason=reason)]
    return found, []


def _read_table(name: str, data: bytes) -> tuple[pd.DataFrame | None, list[Finding]]:
    table = name.removesuffix(".txt")
    data = data.removeprefix(codecs.BOM_UTF8)
    # Text that holds no byte 0 is of one byte a character, or two with the first one set.
    typed = None if b"\0" in data else _parse_typed(table, data)
    if typed is not None:
        return typed, []
    text, findings = _decoded(name, data)
    if not text.strip():
        return None, [*findings, _say("feed-file-empty", file=name)]
    if "\0" in text:
        return None, [*findings, _say("feed-file-no-text", file=name)]
    try:
        frame, odd = _parse_patiently(name, text)
    except csv.Error as error:
        return None, [*findings, _say("feed-file-no-table", file=name, reason=error)]
    frame, unnamed = _with_usable_header(name, frame)
    typed, unreadable = typed_table(table, frame)
    for field, words in unreadable.items():
        position, value = next(iter(words.items()))
        odd.append(
            _say(
                "feed-value-unreadable",
                file=name,
                row=position + 2,
                field=field,
                value=value,
                count=len(words),
            )
        )
    return typed, [*findings, *unnamed, *odd]


def _with_usable_header(name: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    frame.columns = pd.Index([str(column).strip() for column in frame.columns])
    usable = (frame.columns != "") & ~frame.columns.duplicated()
    if usable.all():
        return frame, []
    lost = int((~usable).sum())
    return frame.loc[:, usable], [_say("feed-header-unusable", file=name, count=lost)]


def _decoded(name: str, data: bytes) -> tuple[str, list[Finding]]:
    for mark, codec in _MARKS.items():
        if data.startswith(mark):
            text = data.decode(codec, errors="replace")
            return text, [_say("feed-not-utf8", file=name, encoding="UTF-16", **_lost(text))]
    if data[:2].count(0) == 1:  # ASCII begins the header of every table of GTFS
        text = data.decode("utf-16-be" if data[0] == 0 else "utf-16-le", errors="replace")
        return text, [_say("feed-not-utf8", file=name, encoding="UTF-16", **_lost(text))]
    try:
        return data.decode(), []
    except UnicodeDecodeError:
        codec, called = _codec_of(data)
        text = data.decode(codec, errors="replace")
        return text, [_say("feed-not-utf8", file=name, encoding=called, **_lost(text))]


_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_HALF_KANA = re.compile("[\uff61-\uff9f]")


def _lost(text: str) -> dict[str, Any]:
    """Say how many characters could not be read, which makes the finding an error."""
    lost = text.count("\ufffd")
    return {"count": lost, "severity": Severity.ERROR} if lost else {}


def _codec_of(data: bytes) -> tuple[str, str]:
    """Tell CP932 from EUC-JP, which CP932 reads as a wood of half-width kana."""
    try:
        euc = data.decode("euc_jp")
    except UnicodeDecodeError:
        return "cp932", "CP932 (Shift_JIS)"
    kana = len(_HALF_KANA.findall(data.decode("cp932", errors="replace")))
    if kana > len(_HALF_KANA.findall(euc)):
        return "euc_jp", "EUC-JP"
    return "cp932", "CP932 (Shift_JIS)"


_ARROW = {
    Kind.TEXT: pa.large_string(),
    Kind.INTEGER: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.TIME: pa.dictionary(pa.int32(), pa.string()),
}


def _parse_typed(table: str, data: bytes) -> pd.DataFrame | None:
    """Parse a file without any fault in whole columns; None where it has one."""
    first_line = data[: data.find(b"\n") + 1 or None]
    try:
        header = next(csv.reader([first_line.decode(errors="replace")]), [])
    except csv.Error:
        return None
    names = [column.strip() for column in header]
    if not all(names) or len(set(names)) != len(names):
        return None
    try:
        columns = pacsv.read_csv(
            pa.BufferReader(data),
            # Handing blocks between threads costs more than parsing a feed's files in one.
            read_options=pacsv.ReadOptions(
                column_names=names, skip_rows=1, block_size=1 << 22, use_threads=False
            ),
            parse_options=pacsv.ParseOptions(newlines_in_values=b'"' in data),
            convert_options=pacsv.ConvertOptions(
                column_types={c: _ARROW[kind(table, c)] for c in names},
                null_values=[""],
                strings_can_be_null=False,
            ),
        )
        frame = {c: _series(columns[c], kind(table, c)) for c in ordered(table, names)}
    except (pa.ArrowException, ValueError):
        return None
    return pd.DataFrame(frame)


def _series(values: pa.ChunkedArray, kind: Kind) -> pd.Series:
    """Turn a column of Arrow into its form in memory; ValueError where a value does not fit."""
    if kind is Kind.TIME:
        coded = values.unify_dictionaries().combine_chunks()
        seconds_of = [
            seconds(word.strip()) if word.strip() else None for word in coded.dictionary.to_pylist()
        ]
        values = pa.array(seconds_of, type=pa.int64()).take(coded.indices)
    if kind in (Kind.TIME, Kind.INTEGER):
        return values.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    if (
        kind is Kind.FLOAT
        and not pc.all(pc.is_finite(values)).as_py()
        and values.null_count < len(values)
    ):
        raise ValueError("a number that is not finite")
    return values.to_pandas()


def _parse_patiently(name: str, text: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Parse line by line; short lines are filled, what stands behind the last column is listed."""
    lines = [line for line in csv.reader(io.StringIO(text, newline="")) if line]
    header, rows = lines[0], lines[1:]
    width = len(header)
    odd = [(i, row) for i, row in enumerate(rows) if len(row) != width]
    findings = []
    if odd:
        position, row = odd[0]
        findings.append(
            _say(
                "feed-row-length",
                file=name,
                row=position + 2,
                value=len(row),
                count=len(odd),
                expected=width,
            )
        )
    squared = [[*row[:width], *[""] * (width - len(row))] for row in rows]
    columns = pd.DataFrame(squared, columns=range(width), dtype="str")
    columns.columns = pd.Index(header)
    return columns, findings


def _say(code: str, **place: object) -> Finding:
    return Catalogue.of("gtfs.data").finding(code, **place)  # type: ignore[arg-type]
