"""Any zip at all: what comes of it is a feed or a finding, never a traceback."""

from __future__ import annotations

import io
import stat
import warnings
import zipfile

import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gtfs.diff import difference
from gtfs.errors import FeedUnreadable
from gtfs.feed.complete import examine, read_service
from gtfs.feed.container import SWOLLEN
from gtfs.feed.read import read_feed
from gtfs.feed.write import members
from gtfs.republish import modernise, succession, together
from pipeline.findings import has_error

INFO = {"feed_publisher_name": "市", "feed_publisher_url": "https://example.jp", "feed_lang": "ja"}
NASTY = ["", "0", "-1", "9" * 30, "99991231", "00010101", "20261301", "220円", "6時", "nan", "\0",
         "1e400", "25:61:00", "戸畑", '"', "a" * 200_000, "=1+1", "\u2028"]  # fmt: skip


def files_of(feed):
    feed = feed.copy()
    feed["frequencies"] = pd.DataFrame(
        {"trip_id": ["d1"], "start_time": ["06:00:00"], "end_time": ["07:00:00"],
         "headway_secs": [600]}
    )  # fmt: skip
    feed["fare_attributes"] = pd.DataFrame({"fare_id": ["f"], "price": [100], "transfers": [0]})
    feed["fare_rules"] = pd.DataFrame({"fare_id": ["f"], "route_id": ["wakato"]})
    feed["translations"] = pd.DataFrame(
        {"table_name": ["stops"], "field_name": ["stop_name"], "language": ["en"],
         "translation": ["Tobata"], "record_id": ["tobata"]}
    )  # fmt: skip
    feed["feed_info"] = pd.DataFrame([INFO])
    feed.locations = {"type": "FeatureCollection", "features": []}
    return members(feed)


def zipped(files, compression=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that stand twice, which is the point
        with zipfile.ZipFile(out, "w", compression) as archive:
            for name, data in files:
                archive.writestr(name, data)
    return out.getvalue()


def flipped(draw, data):
    data = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


def changed_cell(draw, data):
    lines = data.decode().split("\r\n")
    row = draw(st.integers(0, max(len(lines) - 2, 0)))
    cells = lines[row].split(",")
    cells[draw(st.integers(0, len(cells) - 1))] = draw(st.sampled_from(NASTY))
    lines[row] = ",".join(cells)
    return "\r\n".join(lines).encode("utf-8", "surrogatepass")


def without_column(draw, data):
    lines = [line.split(",") for line in data.decode().split("\r\n")]
    gone = draw(st.integers(0, len(lines[0]) - 1))
    return "\r\n".join(",".join(c[:gone] + c[gone + 1 :]) for c in lines).encode()


def changed_file(draw, data):  # noqa: PLR0911 - one for each way
    match draw(st.sampled_from(["flip", "cut", "recode", "cell", "column", "rows", "double"])):
        case "flip":
            return flipped(draw, data)
        case "cut":
            return data[: draw(st.integers(0, len(data)))]
        case "recode":
            codec = draw(st.sampled_from(["utf-16", "utf-16-le", "utf-32", "cp932", "euc_jp"]))
            return data.decode().encode(codec)
        case "cell":
            return changed_cell(draw, data)
        case "column":
            return without_column(draw, data)
        case "rows":
            return data + data
        case _:
            return data.replace(b"\r\n", draw(st.sampled_from([b"\r", b"\n", b"\r\r\n", b"\0"])))


@st.composite
def mutants(draw, files):  # noqa: PLR0911 - one for each way
    files = dict(files)
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from(sorted(files)))
        try:
            files[name] = changed_file(draw, files[name])
        except UnicodeError:
            files[name] = flipped(draw, files[name])
    listed = list(files.items())
    match draw(st.sampled_from(["plain", "twice", "folder", "without", "flip", "cut", "joined"])):
        case "twice":
            return zipped([*listed, draw(st.sampled_from(listed))])
        case "folder":
            return zipped([(f"a/b/{name}", data) for name, data in listed])
        case "without":
            listed.remove(draw(st.sampled_from(listed)))
            return zipped(listed)
        case "flip":
            return flipped(draw, zipped(listed))
        case "cut":
            whole = zipped(listed)
            return whole[: draw(st.integers(0, len(whole)))]
        case "joined":
            return zipped(listed) * 2
        case _:
            return zipped(listed)


def outcome(path, sound):
    """Do with a zip everything the commands do; return whether a feed came of it."""
    try:
        found = examine(path)
        feed = read_service(path).feed
    except FeedUnreadable as error:
        assert has_error(error.findings)
        return False
    assert not has_error(found.findings)
    try:
        for made, _ in (
            modernise(feed),
            succession(sound, feed),
            together({"a": feed, "b": sound}, info=INFO),
        ):
            members(made)
        difference(sound, feed).lines("ja")
    except FeedUnreadable:
        return False
    return True


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any")


@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # the mutant is small enough to read
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.large_base_example,
    ],
)
@given(data=st.data())
def test_any_mutated_zip_is_a_feed_or_a_finding(ferry, folder, data):
    path = folder / "mutant.zip"
    path.write_bytes(data.draw(mutants(files_of(ferry))))
    outcome(path, ferry)


def code_of(path):
    with pytest.raises(FeedUnreadable) as refused:
        read_service(path)
    return {f.code for f in refused.value.findings}


@pytest.fixture
def written(ferry, tmp_path):
    def run(change=lambda files: files, **more):
        path = tmp_path / "feed.zip"
        path.write_bytes(zipped(list(change(files_of(ferry)).items()), **more))
        return path

    return run


def test_the_sound_zip_is_a_feed(written, ferry):
    assert outcome(written(), ferry)


def test_an_encrypted_zip_says_so(written):
    path = written()
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 4)
    path.write_bytes(data)
    assert code_of(path) == {"feed-encrypted"}


def test_a_packing_nobody_knows_is_named(written):
    path = written()
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] = 97
            at = data.find(mark, at + 4)
    path.write_bytes(data)
    assert code_of(path) == {"feed-packed-oddly"}


def test_a_zip_that_swells_is_not_unpacked(written):
    path = written(lambda files: files | {"stop_times.txt": b"0" * (200 << 20)})
    assert path.stat().st_size * SWOLLEN < 200 << 20
    assert code_of(path) == {"feed-too-large"}


def test_a_file_that_stands_twice_is_an_error(ferry, tmp_path):
    files = list(files_of(ferry).items())
    path = tmp_path / "twice.zip"
    path.write_bytes(zipped([*files, ("stops.txt", b"stop_id\r\n")]))
    assert code_of(path) == {"feed-file-twice"}


@pytest.mark.parametrize("name", ["../trips.txt", "/etc/trips.txt", "C:\\trips.txt", "a\\..\\b"])
def test_names_that_point_elsewhere_are_left_out(written, name):
    read = read_feed(written(lambda files: files | {name: b"x"}))
    assert "feed-file-outside" in {f.code for f in read.findings}
    assert read.feed.extras == {}


def test_links_are_not_followed(ferry, tmp_path):
    link = zipfile.ZipInfo("notes.txt")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    path = tmp_path / "link.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files_of(ferry).items():
            archive.writestr(name, data)
        archive.writestr(link, "/etc/passwd")
    assert [f.code for f in read_feed(path).findings] == ["feed-file-link"]


def test_folders_made_on_windows_are_folders(ferry, tmp_path):
    path = tmp_path / "windows.zip"
    path.write_bytes(zipped([(f"feed\\{n}", d) for n, d in files_of(ferry).items()]))
    assert set(read_feed(path).feed) >= {"stops", "trips"}


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "cp932", "euc_jp"])
def test_other_encodings_are_read_and_named(written, codec, ferry):
    def recoded(files):
        return {n: d.decode().encode(codec) if n == "stops.txt" else d for n, d in files.items()}

    read = read_service(written(recoded))
    assert read.feed["stops"].stop_name.tolist() == ferry["stops"].stop_name.tolist()
    (finding,) = read.findings
    assert finding.code == "feed-not-utf8"
    assert codec[:6].replace("_", "-").upper()[:3] in finding.message_en.upper()


def test_a_period_without_end_costs_no_time_and_names_the_row(written):
    def endless(files):
        return files | {"calendar.txt": files["calendar.txt"].replace(b"20270331", b"99991231")}

    path = written(endless)
    (finding,) = [f for f in examine(path).findings if f.code == "feed-date-malformed"]
    assert (finding.file, finding.row, finding.value) == ("calendar.txt", 2, "99991231")
    assert finding.count == 2


def test_missing_columns_and_files_are_named_once(written):
    def without(files):
        calendar = files["calendar.txt"].replace(b"thursday", b"thusday")
        return {n: d for n, d in files.items() if n != "routes.txt"} | {"calendar.txt": calendar}

    errors = [f for f in examine(written(without)).findings if f.severity == "error"]
    assert {(f.code, f.file, f.field) for f in errors} == {
        ("feed-table-missing", "routes.txt", ""),
        ("feed-column-missing", "calendar.txt", "thursday"),
    }


@pytest.mark.parametrize("text", ["", "[]", "{", '{"features": 3}', '{"features": [{"id": 3}]}'])
def test_zones_that_are_none_are_an_error(written, text):
    path = written(lambda files: files | {"locations.geojson": text.encode()})
    assert code_of(path) == {"feed-zones-unreadable"}
