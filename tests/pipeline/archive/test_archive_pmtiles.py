"""PMTiles archives: written here and read by the ``pmtiles`` package, and the other way round."""

import gzip
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pmtiles.reader import MemorySource, Reader, all_tiles
from pmtiles.tile import Compression as TheirCompression
from pmtiles.tile import TileType as TheirTileType
from pmtiles.tile import deserialize_header
from pmtiles.writer import Writer

from pipeline.tiling.archive import (
    ArchiveError,
    Compression,
    CorruptArchiveError,
    Entries,
    ForeignFileError,
    PMTilesReader,
    PMTilesWriter,
    TileRejectedError,
    TruncatedArchiveError,
    directory,
    tile_id,
    verify,
    zoom_ids,
    zxy,
)

KITAKYUSHU = (130.67, 33.72, 131.03, 33.98)


def stored(text: str) -> bytes:
    return gzip.compress(text.encode(), 6, mtime=0)


def write(path, tiles, **options):
    described = {"metadata": {"name": "北九州"}, "minzoom": 0, "maxzoom": 16, "bounds": KITAKYUSHU}
    with PMTilesWriter(path, **described | options) as writer:
        for number, data in tiles:
            writer.write(number, data)
    return path


def read_by_them(path):
    source = MemorySource(path.read_bytes())
    return {tile_id(*tile): bytes(data) for tile, data in all_tiles(source)}


def folder_is_clean(folder, *names):
    return {entry.name for entry in folder.iterdir()} == set(names)


tilesets = st.dictionaries(
    st.integers(0, zoom_ids(16)[-1]) | st.integers(0, 200),
    st.text(max_size=4).map(stored),
    min_size=1,
    max_size=60,
)


@settings(max_examples=50, deadline=None)
@given(tilesets, st.randoms(use_true_random=False))
def test_the_independent_reader_finds_exactly_the_tiles_written(tmp_path_factory, tiles, chance):
    shuffled = list(tiles.items())
    chance.shuffle(shuffled)
    path = write(tmp_path_factory.mktemp("a") / "a.pmtiles", shuffled)
    assert read_by_them(path) == tiles


@settings(max_examples=50, deadline=None)
@given(tilesets)
def test_an_archive_of_the_independent_writer_reads_tile_by_tile(tmp_path_factory, tiles):
    path = tmp_path_factory.mktemp("b") / "b.pmtiles"
    write_theirs(path, tiles)
    with PMTilesReader(path) as reader:
        assert {number: bytes(data) for number, data in reader.tiles()} == tiles
        assert {n: bytes(reader.get(*zxy(n))) for n in tiles} == tiles
        missing = set(range(250)) - set(tiles)
        assert all(reader.get(*zxy(number)) is None for number in missing)
        verify(reader)


def write_theirs(path, tiles):
    with path.open("wb") as file:
        writer = Writer(file)
        for number, data in sorted(tiles.items()):
            writer.write_tile(number, data)
        writer.finalize(
            {"tile_type": TheirTileType.MVT, "tile_compression": TheirCompression.GZIP},
            {"name": "theirs"},
        )


def test_the_order_of_writing_and_the_threads_do_not_change_a_byte(tmp_path):
    tiles = [(number, stored(str(number % 700))) for number in zoom_ids(6)]
    straight = write(tmp_path / "a.pmtiles", tiles).read_bytes()
    random.Random(1).shuffle(tiles)
    with (
        PMTilesWriter(
            tmp_path / "b.pmtiles",
            metadata={"name": "北九州"},
            minzoom=0,
            maxzoom=16,
            bounds=KITAKYUSHU,
        ) as writer,
        ThreadPoolExecutor(4) as pool,
    ):
        list(pool.map(lambda tile: writer.write(*tile), tiles))
    assert (tmp_path / "b.pmtiles").read_bytes() == straight


def test_header_and_metadata_are_what_the_independent_reader_sees(tmp_path):
    path = write(tmp_path / "a.pmtiles", [(tile_id(9, 441, 204), stored("a"))], minzoom=6)
    theirs = deserialize_header(path.read_bytes()[:127])
    with PMTilesReader(path) as reader:
        ours = reader.header
        assert ours.bounds == KITAKYUSHU
        assert (ours.minzoom, ours.maxzoom, ours.clustered) == (6, 16, True)
    assert theirs["min_lon_e7"] == 1306700000
    assert (theirs["min_zoom"], theirs["max_zoom"], theirs["center_zoom"]) == (6, 16, 6)
    assert theirs["tile_compression"] is TheirCompression.GZIP
    metadata = Reader(MemorySource(path.read_bytes())).metadata()
    assert metadata["name"] == "北九州"


def test_equal_tiles_are_stored_once_and_neighbours_become_a_run(tmp_path):
    sea = stored("sea")
    path = write(tmp_path / "a.pmtiles", [(n, sea) for n in zoom_ids(7)] + [(0, stored("city"))])
    with PMTilesReader(path) as reader:
        header = reader.header
        assert (header.addressed_tiles, header.tile_entries, header.tile_contents) == (
            4**7 + 1,
            2,
            2,
        )
        assert bytes(reader.get(7, 127, 127)) == sea
        assert reader.get(8, 0, 0) is None


def test_a_large_archive_has_leaves_and_every_tile_is_found(tmp_path):
    tiles = [(number, stored(str(number))) for number in zoom_ids(8)]
    path = write(tmp_path / "a.pmtiles", tiles)
    with PMTilesReader(path) as reader:
        assert reader.header.leaf_directories_length > 0
        assert reader.header.root_offset + reader.header.root_length <= 16384
        assert all(bytes(reader.get(*zxy(number))) == data for number, data in tiles)
        assert len(reader.entries()) == 4**8
    assert read_by_them(path) == dict(tiles)


def test_tiles_are_clustered_in_the_file_in_order_of_id(tmp_path):
    tiles = [(number, stored(str(number))) for number in zoom_ids(5)]
    random.Random(2).shuffle(tiles)
    with PMTilesReader(write(tmp_path / "a.pmtiles", tiles)) as reader:
        offsets = reader.entries().offsets.tolist()
    assert offsets == sorted(offsets)


def test_equal_archives_have_equal_tags_and_a_changed_tile_another(tmp_path):
    def tag(name, last):
        tiles = [(5, b"same"), (6, last)]
        with PMTilesReader(write(tmp_path / name, tiles, compression="none")) as reader:
            return reader.etag

    assert tag("a.pmtiles", b"old tile") == tag("b.pmtiles", b"old tile")
    assert tag("a.pmtiles", b"old tile") != tag("c.pmtiles", b"new tile")


def test_a_foreign_archive_with_changed_tiles_has_another_tag(tmp_path):
    write_theirs(tmp_path / "a.pmtiles", {0: b"a" * 20})
    write_theirs(tmp_path / "b.pmtiles", {0: b"b" * 20})
    with PMTilesReader(tmp_path / "a.pmtiles") as a, PMTilesReader(tmp_path / "b.pmtiles") as b:
        assert a.etag != b.etag


def test_an_exception_leaves_the_old_archive_and_nothing_else(tmp_path):
    path = write(tmp_path / "a.pmtiles", [(0, stored("old"))])
    before = path.read_bytes()
    with (
        pytest.raises(KeyboardInterrupt),
        PMTilesWriter(path, metadata={}, minzoom=0, maxzoom=1, bounds=KITAKYUSHU) as writer,
    ):
        writer.write(0, stored("new"))
        raise KeyboardInterrupt
    assert path.read_bytes() == before
    assert folder_is_clean(tmp_path, "a.pmtiles")


def test_a_fault_found_by_reading_back_leaves_nothing(tmp_path):
    with pytest.raises(CorruptArchiveError, match=r"tile 0/0/0 cannot be decompressed"):
        write(tmp_path / "a.pmtiles", [(0, b"not gzip at all")])
    assert folder_is_clean(tmp_path)


def test_a_tile_given_twice_is_refused_by_name(tmp_path):
    with pytest.raises(TileRejectedError, match=r"tile 3/2/5 was given twice"):
        write(tmp_path / "a.pmtiles", [(tile_id(3, 2, 5), stored("a"))] * 2)
    assert folder_is_clean(tmp_path)


def test_a_tile_outside_the_declared_zooms_is_refused(tmp_path):
    with pytest.raises(TileRejectedError, match="outside zooms 0-4"):
        write(tmp_path / "a.pmtiles", [(tile_id(5, 0, 0), stored("a"))], maxzoom=4)


def test_a_tile_without_bytes_is_refused(tmp_path):
    with pytest.raises(TileRejectedError, match="no bytes"):
        write(tmp_path / "a.pmtiles", [(0, b"")])


def test_a_tileset_without_tiles_is_refused(tmp_path):
    with pytest.raises(ArchiveError, match="at least one tile"):
        write(tmp_path / "a.pmtiles", [])
    assert folder_is_clean(tmp_path)


@pytest.mark.parametrize(
    "bounds", [(131.0, 33.0, 130.0, 34.0), (0, 0, float("nan"), 1), (0, -91, 1, 1)]
)
def test_impossible_bounds_are_refused(tmp_path, bounds):
    with pytest.raises(ArchiveError, match="bounds"):
        write(tmp_path / "a.pmtiles", [(0, stored("a"))], bounds=bounds)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ArchiveError, match="cannot write in this folder"):
        write(tmp_path / "none" / "a.pmtiles", [(0, stored("a"))])


def test_metadata_and_bounds_may_be_completed_until_closing(tmp_path):
    path = tmp_path / "a.pmtiles"
    with PMTilesWriter(path, metadata={}, minzoom=0, maxzoom=0, bounds=KITAKYUSHU) as writer:
        writer.write(0, stored("a"))
        writer.metadata["tilestats"] = {"layerCount": 1}
        writer.bounds = (1.0, 2.0, 3.0, 4.0)
    with PMTilesReader(path) as reader:
        assert reader.metadata["tilestats"] == {"layerCount": 1}
        assert reader.header.bounds == (1.0, 2.0, 3.0, 4.0)


def test_raster_tiles_are_stored_as_they_are(tmp_path):
    path = write(tmp_path / "a.pmtiles", [(0, b"\x89PNG")], compression="none", tile_type="png")
    with PMTilesReader(path) as reader:
        assert reader.header.tile_compression is Compression.NONE
        assert bytes(reader.get(0, 0, 0)) == b"\x89PNG"


def test_tiles_outside_every_zoom_are_none(tmp_path):
    with PMTilesReader(write(tmp_path / "a.pmtiles", [(0, stored("a"))])) as reader:
        assert reader.get(0, 1, 0) is None
        assert reader.get(40, 0, 0) is None
        assert reader.get(2, -1, 0) is None


def test_a_tile_in_hand_outlives_its_closed_reader(tmp_path):
    reader = PMTilesReader(write(tmp_path / "a.pmtiles", [(0, stored("a"))]))
    tile = reader.get(0, 0, 0)
    reader.close()
    assert gzip.decompress(tile) == b"a"


def test_a_replaced_archive_stays_readable_through_its_open_reader(tmp_path):
    path = write(tmp_path / "a.pmtiles", [(0, stored("old"))])
    with PMTilesReader(path) as reader:
        write(path, [(0, stored("new"))])
        assert gzip.decompress(reader.get(0, 0, 0)) == b"old"


def test_a_dropped_reader_is_freed_without_the_garbage_collector(tmp_path):
    reader = PMTilesReader(write(tmp_path / "a.pmtiles", [(0, stored("a"))]))
    assert sys.getrefcount(reader) == 2


@pytest.fixture
def good(tmp_path):
    tiles = [(number, stored(str(number))) for number in zoom_ids(8)]
    return write(tmp_path / "good.pmtiles", tiles)


def test_a_file_that_is_no_archive_is_called_so(tmp_path):
    (tmp_path / "a.pmtiles").write_bytes(b"SQLite format 3\0" + bytes(200))
    with pytest.raises(ForeignFileError, match=r"not a PMTiles archive \(it starts with b'SQLite "):
        PMTilesReader(tmp_path / "a.pmtiles")


def test_an_empty_file_is_called_foreign(tmp_path):
    (tmp_path / "a.pmtiles").write_bytes(b"")
    with pytest.raises(ForeignFileError):
        PMTilesReader(tmp_path / "a.pmtiles")


def test_another_version_is_named(good):
    data = bytearray(good.read_bytes())
    data[7] = 2
    good.write_bytes(data)
    with pytest.raises(ForeignFileError, match="version 2"):
        PMTilesReader(good)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ArchiveError, match="No such file"):
        PMTilesReader(tmp_path / "none.pmtiles")


def test_a_truncated_archive_says_which_bytes_are_missing(good):
    data = good.read_bytes()
    good.write_bytes(data[:-1])
    with pytest.raises(TruncatedArchiveError, match=rf"tile data .*-{len(data) - 1}, the file has"):
        PMTilesReader(good)


@pytest.mark.parametrize("kept", [8, 60, 126])
def test_a_truncated_header_says_how_much_is_there(good, kept):
    good.write_bytes(good.read_bytes()[:kept])
    with pytest.raises(TruncatedArchiveError, match=f"needs 127 bytes, the file has {kept}"):
        PMTilesReader(good)


@pytest.mark.parametrize("count", [72, 80, 88], ids=["addressed", "entries", "contents"])
def test_a_count_that_is_not_true_is_found(good, count):
    data = bytearray(good.read_bytes())
    data[count] ^= 1
    good.write_bytes(data)
    with PMTilesReader(good) as reader, pytest.raises(CorruptArchiveError, match="header says"):
        verify(reader)


def test_a_directory_that_is_damaged_is_named_by_its_place(good):
    data = bytearray(good.read_bytes())
    data[140] ^= 0xFF
    good.write_bytes(data)
    with pytest.raises(CorruptArchiveError, match="directory at byte 127"):
        PMTilesReader(good)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_no_damage_brings_anything_but_an_archive_error(small_archive, data):
    path, whole = small_archive
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, 400))] = data.draw(st.integers(0, 255))
    path.write_bytes(broken[: data.draw(st.integers(1, len(broken)))])
    try:
        with PMTilesReader(path) as reader:
            verify(reader)
            reader.get(3, 2, 1)
            assert isinstance(reader.metadata, dict)
    except ArchiveError:
        pass


@pytest.fixture(scope="module")
def small_archive(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    whole = write(folder / "a.pmtiles", [(n, stored(str(n))) for n in zoom_ids(4)]).read_bytes()
    return folder / "broken.pmtiles", whole


def test_leaves_beyond_the_remembered_number_are_read_again(good, monkeypatch):
    monkeypatch.setattr("pipeline.tiling.archive.reader._CACHED_LEAVES", 2)
    with PMTilesReader(good) as reader:
        for number in [*range(0, 4**8, 999), *range(0, 4**8, 1777)]:
            tile = zxy(zoom_ids(8)[0] + number)
            assert gzip.decompress(reader.get(*tile)) == str(tile_id(*tile)).encode()


def test_leaves_that_point_to_themselves_do_not_go_on_for_ever(tmp_path):
    def entries(*rows):
        return Entries(*(np.array(column, np.int64) for column in zip(*rows, strict=True)))

    leaf = directory.encode(entries((0, 0, 60, 0)))
    leaf = directory.encode(entries((0, 0, len(leaf), 0)))  # itself, in its true length
    with PMTilesReader(write(tmp_path / "a.pmtiles", [(0, stored("a"))])) as reader:
        header = reader.header
    looping = replace(
        header,
        root_length=len(leaf),
        metadata_length=0,
        leaf_directories_offset=127,
        leaf_directories_length=len(leaf),
        tile_data_length=0,
    )
    (tmp_path / "b.pmtiles").write_bytes(looping.pack() + leaf)
    with PMTilesReader(tmp_path / "b.pmtiles") as reader:
        with pytest.raises(CorruptArchiveError, match="used twice"):
            reader.entries()
        with pytest.raises(CorruptArchiveError, match="deeper"):
            reader.get(0, 0, 0)
