"""Any published feed, as it is found, into tables.

Published archives carry byte order marks, sub-folders, headers in odd case, lines that are too
short, text that is not UTF-8. What can be read is read; what was odd about it is a finding; files
nobody knows are kept.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from gtfs.errors import FeedUnreadable
from gtfs.schema import tables
from gtfs.tables import Feed, typed_table
from pipeline.findings import Catalogue, Finding

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
    members, findings = _tables_folder(_members(path))
    feed = Feed()
    for name, data in members.items():
        if name.endswith(".txt"):
            table, odd = _read_table(name, data)
            findings += odd
            if table is not None:
                feed[name.removesuffix(".txt")] = table
        elif name == "locations.geojson":
            feed.locations = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
        else:
            feed.extras[name] = data
    if not any(name in tables() for name in feed):
        raise FeedUnreadable(f"{path} holds no table of GTFS")
    return ReadFeed(feed, findings)


def _members(path: Path) -> dict[str, bytes]:
    if path.is_dir():
        files = sorted(p for p in path.rglob("*") if p.is_file())
        return {p.relative_to(path).as_posix(): p.read_bytes() for p in files}
    try:
        with zipfile.ZipFile(path) as archive:
            return {i.filename: archive.read(i) for i in archive.infolist() if not i.is_dir()}
    except (OSError, zipfile.BadZipFile) as error:
        raise FeedUnreadable(f"{path} cannot be read as a feed: {error}") from error


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


def _read_table(name: str, data: bytes) -> tuple[pd.DataFrame | None, list[Finding]]:
    text, findings = _decoded(name, data)
    if not text.strip():
        return None, [*findings, _say("feed-file-empty", file=name)]
    frame = _parse_fast(text)
    if frame is None:
        frame, odd = _parse_patiently(name, text)
        findings += odd
    frame.columns = pd.Index([str(column).strip() for column in frame.columns])
    unnamed = [column for column in frame.columns if not column]
    if unnamed or frame.columns.has_duplicates:
        findings.append(_say("feed-header-unusable", file=name, count=max(1, len(unnamed))))
        frame = frame.loc[:, (frame.columns != "") & ~frame.columns.duplicated()]
    typed, unreadable = typed_table(name.removesuffix(".txt"), frame)
    for field, words in unreadable.items():
        position, value = next(iter(words.items()))
        findings.append(
            _say(
                "feed-value-unreadable",
                file=name,
                row=position + 2,
                field=field,
                value=value,
                count=len(words),
            )
        )
    return typed, findings


def _decoded(name: str, data: bytes) -> tuple[str, list[Finding]]:
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text = data.decode("cp932", errors="replace")
        return text, [_say("feed-not-utf8", file=name, count=text.count("\ufffd") or 1)]


def _parse_fast(text: str) -> pd.DataFrame | None:
    """Parse regular CSV with many threads; None where a line has too few or many values."""
    header = next(csv.reader(io.StringIO(text)))
    if len(set(header)) != len(header):
        return None
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
    )
    try:
        table = pacsv.read_csv(
            io.BytesIO(text.encode()),
            parse_options=pacsv.ParseOptions(newlines_in_values=True),
            convert_options=options,
        )
    except pa.ArrowInvalid:
        return None
    return table.to_pandas()


def _parse_patiently(name: str, text: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Parse line by line; short lines are filled, what stands behind the last column is listed."""
    lines = [line for line in csv.reader(io.StringIO(text)) if line]
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
