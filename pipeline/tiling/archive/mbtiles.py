"""MBTiles 1.3: the same tileset as one SQLite database, for tools that know nothing else."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pipeline.tiling.archive.errors import ArchiveError, CorruptArchiveError, ForeignFileError
from pipeline.tiling.archive.header import TileType
from pipeline.tiling.archive.hilbert import tile_id, zxys
from pipeline.tiling.archive.reader import DIGEST_KEY
from pipeline.tiling.archive.writer import ArchiveWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from numpy.typing import NDArray

    from pipeline.tiling.archive.spool import Clustered

_SCHEMA = """
PRAGMA application_id = 0x4d504258;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE metadata (name text, value text);
CREATE TABLE tiles (zoom_level integer, tile_column integer, tile_row integer, tile_data blob);
"""
_INDEX = "CREATE UNIQUE INDEX tile_index ON tiles (zoom_level, tile_column, tile_row)"
_FORMATS = {TileType.MVT: "pbf", TileType.JPEG: "jpg"}
_PLAIN = ("name", "description", "attribution", "version", "type")


class MBTilesWriter(ArchiveWriter):
    """Write an MBTiles 1.3 database; rows count from the south as its specification wants.

    See :class:`pipeline.tiling.archive.writer.ArchiveWriter` for parameters and guarantees.
    Equal tiles are not shared: few readers know the schema that would allow it.
    """

    suffix: ClassVar[str] = ".mbtiles"

    def _write_file(self, partial: Path, tiles: Clustered) -> None:
        connection = sqlite3.connect(partial)
        try:
            connection.executescript(_SCHEMA)
            connection.executemany("INSERT INTO metadata VALUES (?, ?)", self._rows(tiles.digest))
            connection.executemany("INSERT INTO tiles VALUES (?, ?, ?, ?)", self._tiles(tiles))
            connection.execute(_INDEX)
            connection.commit()
            _verify(connection, tiles, partial)
        except sqlite3.Error as error:
            raise ArchiveError(f"{self.path}: {error}") from error
        finally:
            connection.close()
        with partial.open("rb") as file:
            os.fsync(file.fileno())

    def _rows(self, digest: str) -> list[tuple[str, str]]:
        longitude, latitude, zoom = self._position()
        plain = {"name": self.path.stem, "type": "overlay", "version": "1"}
        plain |= {k: str(self.metadata[k]) for k in _PLAIN if k in self.metadata}
        rest = {k: v for k, v in self.metadata.items() if k not in _PLAIN}
        rows = plain | {
            "format": _FORMATS.get(self.tile_type, self.tile_type.name.lower()),
            "minzoom": str(self.minzoom),
            "maxzoom": str(self.maxzoom),
            "bounds": ",".join(f"{v:.7f}" for v in self.bounds),
            "center": f"{longitude:.7f},{latitude:.7f},{zoom}",
            "json": json.dumps(rest, ensure_ascii=False, separators=(",", ":"), allow_nan=False),
            DIGEST_KEY: digest,
        }
        return sorted(rows.items())

    def _tiles(self, tiles: Clustered) -> Iterator[tuple[int, int, int, bytes]]:
        """Yield rows in the order of the primary key, so that the file has no holes."""
        z, x, y = zxys(tiles.tile_ids)
        rows = (1 << z) - 1 - y
        order = np.lexsort((rows, x, z))
        places = tiles.spool_offsets[order].tolist()
        lengths = tiles.lengths[order].tolist()
        keys = zip(z[order].tolist(), x[order].tolist(), rows[order].tolist(), strict=True)
        for (zoom, column, row), place, length in zip(keys, places, lengths, strict=True):
            yield zoom, column, row, self._spool.read(place, length)


def _verify(connection: sqlite3.Connection, tiles: Clustered, name: Path) -> None:
    (count,) = connection.execute("SELECT count(*) FROM tiles").fetchone()
    (state,) = connection.execute("PRAGMA quick_check").fetchone()
    if count != tiles.tile_ids.size or state != "ok":
        raise CorruptArchiveError(
            f"{name}: {count} tiles of {tiles.tile_ids.size} were stored, check says {state}"
        )


class MBTilesReader:
    """One MBTiles database, open for reading; what it needs for looking into it, not serving.

    Parameters
    ----------
    path
        The database, opened read-only.

    Raises
    ------
    ForeignFileError
        If the file is no SQLite database or has no MBTiles tables.
    ArchiveError
        If it cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise ArchiveError(f"{path}: cannot be opened: no such file")
        try:
            self._connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
            rows = self._connection.execute("SELECT name, value FROM metadata").fetchall()
            self._connection.execute("SELECT tile_data FROM tiles LIMIT 1").fetchone()
        except sqlite3.Error as error:
            self.close()
            raise ForeignFileError(f"{path}: not an MBTiles database: {error}") from error
        self.plain_metadata: dict[str, str] = {str(k): str(v) for k, v in rows}

    @property
    def metadata(self) -> dict[str, Any]:
        """The rows of table ``metadata``, with ``json`` unfolded among them.

        Raises
        ------
        CorruptArchiveError
            If the row ``json`` is not a JSON object.
        """
        merged: dict[str, Any] = {k: v for k, v in self.plain_metadata.items() if k != "json"}
        try:
            merged |= json.loads(self.plain_metadata.get("json") or "{}")
        except (ValueError, TypeError) as error:
            raise CorruptArchiveError(f"{self.path}: metadata row json: {error}") from error
        return merged

    def get(self, z: int, x: int, y: int) -> bytes | None:
        """Return the stored bytes of a tile (row counted from the north), or None."""
        row = self._connection.execute(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ?",
            (z, x, (1 << z) - 1 - y),
        ).fetchone()
        return None if row is None else bytes(row[0])

    def sizes(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return ids and byte lengths of all tiles, in order of id."""
        rows = self._connection.execute(
            "SELECT zoom_level, tile_column, tile_row, length(tile_data) FROM tiles"
        ).fetchall()
        ids = np.array([tile_id(z, x, (1 << z) - 1 - row) for z, x, row, _ in rows], np.int64)
        lengths = np.array([row[3] for row in rows], np.int64)
        order = np.argsort(ids)
        return ids[order], lengths[order]

    def close(self) -> None:
        """Let go of the file."""
        if hasattr(self, "_connection"):
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
