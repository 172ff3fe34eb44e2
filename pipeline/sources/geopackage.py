"""What is special about a GeoPackage: a SQLite file whole, closed, and without types held to.

SQLite puts any value into any column; GDAL reads ``不明`` in a column of numbers as 0 and says
nothing.
"""

from __future__ import annotations

import contextlib
import sqlite3
import urllib.parse
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.findings import Catalogue
from pipeline.sources.refusals import unreadable
from pipeline.sources.table import places

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.config.sources import Source
    from pipeline.sources.table import Raw

NUMERIC = ("BOOLEAN", "TINYINT", "SMALLINT", "MEDIUMINT", "INT", "INTEGER", "FLOAT", "DOUBLE",
           "REAL")  # fmt: skip
"""Types of columns (GeoPackage 1.3, table 1) whose values are numbers."""


def require_whole(path: Path, source: Source) -> None:
    """Make sure that a GeoPackage is complete and nobody is still writing it.

    Raises
    ------
    SourceError
        If it is shorter than its header says, or changes wait beside it (``-wal``, ``-journal``).
    """
    for beside in ("-wal", "-journal"):
        waiting = path.with_name(path.name + beside)
        if waiting.is_file() and waiting.stat().st_size:
            raise unreadable(source.path, "in-use", detail=waiting.name)
    with path.open("rb") as stream:
        head = stream.read(100)
    # The SQLite file format: 1.3.2 page size, 1.3.7 in-header database size.
    page = int.from_bytes(head[16:18], "big")
    expected = (65536 if page == 1 else page) * int.from_bytes(head[28:32], "big")
    if len(head) < 100 or path.stat().st_size < expected:
        detail = f"{path.stat().st_size:,} / {expected:,} bytes"
        raise unreadable(source.path, "truncated", detail=detail)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    address = f"file:{urllib.parse.quote(str(path.resolve()))}?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True)
    try:
        yield connection
    finally:
        connection.close()


def untyped_values(raw: Raw, path: Path, table: str, source: Source) -> None:
    """Empty the values that are no numbers in columns of numbers, in place, and say which.

    Raises
    ------
    SourceError
        If the table cannot be gone through.
    """
    try:
        with _opened(path) as connection:
            for name in _numeric_columns(connection, table):
                if name in raw.frame.columns:
                    _empty_text(raw, name, _texts(connection, table, name), source)
    except sqlite3.Error as error:
        raise unreadable(source.path, "damaged", detail=error) from error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _numeric_columns(connection: sqlite3.Connection, table: str) -> list[str]:
    columns = connection.execute(f"PRAGMA table_info({_quoted(table)})").fetchall()
    return [name for _, name, kind, _, _, key in columns if kind.upper() in NUMERIC and not key]


def _texts(connection: sqlite3.Connection, table: str, name: str) -> dict[int, Any]:
    """Return ``{position: value}`` of the values that are text or bytes, in order of reading."""
    column = _quoted(name)
    found = connection.execute(
        f"SELECT typeof({column}) IN ('text', 'blob'), {column} FROM {_quoted(table)}"
    )
    return {at: value for at, (strange, value) in enumerate(found) if strange}


def _empty_text(raw: Raw, name: str, texts: dict[int, Any], source: Source) -> None:
    if not texts:
        return
    positions = list(texts)
    column = raw.frame[name]
    kind = "boolean" if str(column.dtype) == "boolean" else "Float64"
    raw.frame[name] = column.astype(kind)
    raw.frame.loc[raw.frame.index[positions], name] = pd.NA
    raw.findings.append(
        Catalogue.of("pipeline").finding(
            "number-unreadable",
            file=source.path,
            field=name,
            places=places(source.path, raw.rows[positions], texts.values()),
        )
    )
