"""MBTiles on request: the same tiles in SQLite, rows counted from the south."""

import gzip
import json
import random
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.tiling.archive import (
    ArchiveError,
    ForeignFileError,
    MBTilesReader,
    MBTilesWriter,
    PMTilesWriter,
    tile_id,
    writer_for,
    zoom_ids,
    zxy,
)

BOUNDS = (130.67, 33.72, 131.03, 33.98)
METADATA = {"name": "防災", "attribution": "北九州市", "vector_layers": [{"id": "a", "fields": {}}]}


def write(path, tiles):
    with MBTilesWriter(path, metadata=METADATA, minzoom=0, maxzoom=12, bounds=BOUNDS) as writer:
        for number, data in tiles:
            writer.write(number, data)
    return path


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        st.integers(0, zoom_ids(12)[-1]),
        st.text(max_size=3).map(lambda text: gzip.compress(text.encode(), mtime=0)),
        min_size=1,
    )
)
def test_every_tile_written_is_read_again(tmp_path_factory, tiles):
    with MBTilesReader(write(tmp_path_factory.mktemp("m") / "a.mbtiles", tiles.items())) as reader:
        assert {n: reader.get(*zxy(n)) for n in tiles} == tiles
        ids, lengths = reader.sizes()
        assert ids.tolist() == sorted(tiles)
        assert lengths.tolist() == [len(tiles[n]) for n in sorted(tiles)]


def test_rows_count_from_the_south(tmp_path):
    path = write(tmp_path / "a.mbtiles", [(tile_id(3, 6, 1), gzip.compress(b"a", mtime=0))])
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT zoom_level, tile_column, tile_row FROM tiles").fetchall()
    connection.close()
    assert rows == [(3, 6, 6)]


def test_the_metadata_table_follows_the_specification(tmp_path):
    with MBTilesReader(
        write(tmp_path / "a.mbtiles", [(0, gzip.compress(b"a", mtime=0))])
    ) as reader:
        plain = reader.plain_metadata
    assert plain["format"] == "pbf"
    assert plain["name"] == "防災"
    assert plain["attribution"] == "北九州市"
    assert (plain["minzoom"], plain["maxzoom"]) == ("0", "12")
    assert plain["bounds"] == "130.6700000,33.7200000,131.0300000,33.9800000"
    assert json.loads(plain["json"])["vector_layers"][0]["id"] == "a"


def test_the_order_of_writing_does_not_change_a_byte(tmp_path):
    tiles = [(n, gzip.compress(str(n % 50).encode(), mtime=0)) for n in zoom_ids(5)]
    straight = write(tmp_path / "a.mbtiles", tiles).read_bytes()
    random.Random(3).shuffle(tiles)
    assert write(tmp_path / "a.mbtiles", tiles).read_bytes() == straight


def test_an_exception_leaves_nothing(tmp_path):
    with (
        pytest.raises(RuntimeError),
        MBTilesWriter(
            tmp_path / "a.mbtiles", metadata={}, minzoom=0, maxzoom=1, bounds=BOUNDS
        ) as writer,
    ):
        writer.write(0, b"x")
        raise RuntimeError
    assert not list(tmp_path.iterdir())


def test_the_file_name_chooses_the_format():
    assert writer_for("city.pmtiles") is PMTilesWriter
    assert writer_for("city.MBTILES") is MBTilesWriter
    with pytest.raises(ArchiveError, match=r"\.pmtiles or \.mbtiles"):
        writer_for("city.zip")


def test_a_file_that_is_no_database_is_called_foreign(tmp_path):
    (tmp_path / "a.mbtiles").write_bytes(b"PMTiles" * 100)
    with pytest.raises(ForeignFileError, match="not an MBTiles database"):
        MBTilesReader(tmp_path / "a.mbtiles")
