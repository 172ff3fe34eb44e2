"""Feeds to files and back."""

from __future__ import annotations

import csv
import io
import zipfile

import gtfs_kit
import pandas as pd
import pytest

from gtfs.errors import FeedUnreadable
from gtfs.feed.kit import from_kit, to_kit
from gtfs.feed.read import read_feed
from gtfs.feed.schema import Kind
from gtfs.feed.tables import Feed, kind
from gtfs.feed.write import members, write_zip


def same(one: Feed, other: Feed) -> None:
    """Hold two feeds against each other as sets of rows."""
    assert list(one) == list(other)
    assert one.locations == other.locations
    assert one.extras == other.extras
    for name in one:
        by = list(one[name].columns)
        left, right = (f[name].sort_values(by).reset_index(drop=True) for f in (one, other))
        pd.testing.assert_frame_equal(left, right)


def zipped(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_a_feed_comes_back_as_it_was(ferry, tmp_path):
    ferry.extras["note.pdf"] = b"%PDF"
    ferry.locations = {"type": "FeatureCollection", "features": []}
    write_zip(ferry, tmp_path / "a.zip")
    read = read_feed(tmp_path / "a.zip")
    assert read.findings == []
    same(read.feed, ferry)


def test_row_and_table_order_do_not_change_a_byte(ferry, tmp_path):
    shuffled = Feed(
        {name: ferry[name].sample(frac=1, random_state=3) for name in reversed(list(ferry))}
    )
    write_zip(ferry, tmp_path / "a.zip")
    write_zip(shuffled, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_file_is_utf8_without_mark_with_crlf_and_quotes_where_needed():
    stops = pd.DataFrame(
        {"stop_id": ["b", "a"], "stop_name": ['上,"中"', "下"], "stop_lat": [33.0, 34.5]}
    )
    assert members(Feed({"stops": stops}))["stops.txt"].decode() == (
        'stop_id,stop_name,stop_lat\r\na,下,34.5\r\nb,"上,""中""",33\r\n'
    )


def test_an_empty_optional_table_is_left_out(ferry):
    ferry["transfers"] = pd.DataFrame({"from_stop_id": []})
    assert "transfers.txt" not in members(ferry)


def test_the_archive_is_a_plain_zip_others_can_read(ferry, tmp_path):
    write_zip(ferry, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert {i.date_time for i in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    kit = gtfs_kit.read_feed(tmp_path / "a.zip", dist_units="m")
    assert kit.stop_times.departure_time.tolist().count("24:10:00") == 1


def test_a_failed_write_leaves_the_old_file(ferry, tmp_path):
    write_zip(ferry, tmp_path / "a.zip")
    before = (tmp_path / "a.zip").read_bytes()
    ferry.extras["broken"] = None
    with pytest.raises(TypeError):
        write_zip(ferry, tmp_path / "a.zip")
    assert (tmp_path / "a.zip").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_marks_folders_and_unknown_files_are_read(tmp_path):
    path = zipped(
        tmp_path / "odd.zip",
        {
            "feed/stops.txt": '\ufeffstop_id, stop_name \r\n"a","上"\r\n',
            "feed/stop_signs.txt": "stop_id,colour\nS,red\n",
            "__MACOSX/feed/._stops.txt": b"\x00",
        },
    )
    read = read_feed(path)
    assert read.feed["stops"].to_dict("records") == [{"stop_id": "a", "stop_name": "上"}]
    assert read.feed["stop_signs"].colour.tolist() == ["red"]
    assert [f.code for f in read.findings] == ["feed-file-ignored", "feed-in-folder"]


def test_short_and_long_lines_are_listed(tmp_path):
    path = zipped(tmp_path / "a.zip", {"stops.txt": "stop_id,stop_name\na\nb,B,extra\n"})
    read = read_feed(path)
    assert read.feed["stops"].stop_name.tolist() == ["", "B"]
    finding = read.findings[0]
    assert (finding.code, finding.row, finding.count) == ("feed-row-length", 2, 2)


def test_unreadable_values_are_listed_with_row_and_field(tmp_path):
    text = "trip_id,arrival_time,stop_sequence\na,06:00:00,1\na,6時,二\n"
    read = read_feed(zipped(tmp_path / "a.zip", {"stop_times.txt": text}))
    assert [(f.row, f.field, f.value) for f in read.findings] == [
        (3, "arrival_time", "6時"),
        (3, "stop_sequence", "二"),
    ]


def test_cp932_is_read_and_said(tmp_path):
    data = "stop_id,stop_name\na,髙﨑①\n".encode("cp932")
    read = read_feed(zipped(tmp_path / "a.zip", {"stops.txt": data}))
    assert read.feed["stops"].stop_name.tolist() == ["髙﨑①"]
    assert [f.code for f in read.findings] == ["feed-not-utf8"]


@pytest.mark.parametrize("content", [b"not a zip", None])
def test_what_is_no_feed_stops_the_work(tmp_path, content):
    path = tmp_path / "a.zip"
    if content is None:
        zipped(path, {"readme.md": "no tables"})
    else:
        path.write_bytes(content)
    with pytest.raises(FeedUnreadable):
        read_feed(path)


def test_gtfs_kit_is_given_the_classic_tables_and_gives_them_back(ferry):
    kit = to_kit(ferry)
    assert kit.compute_trip_stats().trip_id.tolist() == ["w1", "d1", "w2"]
    back = from_kit(kit)
    back["routes"] = back["routes"].drop(columns="route_short_name")
    same(back, ferry)


def real_feeds(transit):
    return [
        *sorted(transit.glob("gtfs-jp-2019/*.zip")),
        transit / "kitakyushu-ferry" / "401005_shieitosengtfs.zip",
        transit / "donan-bus" / "gtfs",
        transit / "nogata-community-bus" / "nogata_eimanji",
        transit / "vbb-flex",
    ]


def raw_rows(path):
    """Read the files of a feed with the standard library alone."""
    if path.is_dir():
        files = {p.name: p.read_bytes() for p in path.glob("*.txt")}
    else:
        with zipfile.ZipFile(path) as archive:
            files = {n: archive.read(n) for n in archive.namelist()}
    for name, data in files.items():
        header, *rows = [r for r in csv.reader(io.StringIO(data.decode("utf-8-sig"))) if r]
        yield name.removesuffix(".txt"), header, rows


def normal(value, what):
    if what is Kind.TEXT or not value.strip():
        return value.strip() if what is not Kind.TEXT else value
    if what is Kind.TIME:
        hours, rest = value.strip().split(":", 1)
        return f"{int(hours):02d}:{rest}"
    return float(value)


@pytest.mark.real
def test_every_value_of_real_feeds_survives_reading_and_writing(transit, tmp_path):
    feeds = real_feeds(transit)
    assert len(feeds) >= 26
    for path in feeds:
        write_zip(read_feed(path).feed, tmp_path / "out.zip")
        ours = {name: (header, rows) for name, header, rows in raw_rows(tmp_path / "out.zip")}
        for name, header, rows in raw_rows(path):
            if name not in ours:
                assert not rows, f"{path.name} {name} is lost"
                continue
            columns = [(ours[name][0].index(c), kind(name, c)) for c in header]
            want = sorted(
                str([normal(v, k) for v, (_, k) in zip(r, columns, strict=True)]) for r in rows
            )
            have = sorted(str([normal(r[i], k) for i, k in columns]) for r in ours[name][1])
            assert have == want, f"{path.name} {name}"


@pytest.mark.real
def test_writing_what_was_written_changes_no_byte(transit, tmp_path):
    for path in real_feeds(transit):
        write_zip(read_feed(path).feed, tmp_path / "a.zip")
        write_zip(read_feed(tmp_path / "a.zip").feed, tmp_path / "b.zip")
        assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes(), path.name
