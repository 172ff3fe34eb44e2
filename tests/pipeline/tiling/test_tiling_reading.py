"""Values, ids and text arrive in tiles as their files hold them, whole or read in parts."""

import datetime as dt
import decimal
import json
import struct

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely

from pipeline.errors import TilingError
from pipeline.tiling import LayerOptions, TileOptions, tile
from pipeline.tiling.archive import PMTilesReader
from pipeline.tiling.inspect.tile import decode_tile, inflate_tile

POINT = {"type": "Point", "coordinates": [130.9, 33.9]}
SMALL = "64M"


def feature(number=0, **properties):
    return {"type": "Feature", "properties": {"n": number} | properties, "geometry": POINT}


@pytest.fixture
def cut(tmp_path):
    """Cut a file at one zoom, whole and in parts; return properties and ids by ``n``, findings."""

    def run(path, *, id_column=None, options=None):
        found = []
        for at, memory in enumerate((0, SMALL)):
            out = tmp_path / f"{at}.pmtiles"
            report = _cut(path, out, options or TileOptions(maxzoom=0), id_column, memory)
            said = [f.as_dict() for f in report.findings if f.code != "tile-over-memory"]
            found.append((out.read_bytes(), said))
        assert found[0] == found[1]
        return _features(tmp_path / "0.pmtiles"), {f.code: f for f in report.findings}

    return run


def _cut(path, out, options, id_column, memory):
    from pipeline.progress import silent
    from pipeline.tiling.engine import working_threads
    from pipeline.tiling.partition.limits import Limits
    from pipeline.tiling.partition.run import cut_streams
    from pipeline.tiling.partition.streams import streams_of

    if not memory:
        return tile(path, out, options, id_column=id_column, name="t")
    words = {"name": "t", "attribution": "", "description": ""}
    with working_threads(options) as (pool, threads):
        return cut_streams(
            streams_of(path), out, options, Limits(200, 10_000, 10_000), id_column, words, silent,
            pool, threads,
        )  # fmt: skip


def _features(archive):
    with PMTilesReader(archive) as reader:
        raw = inflate_tile(bytes(reader.get(0, 0, 0)), "tile")
    (layer,) = decode_tile(raw).values()
    return {f["properties"].pop("n", None): f for f in layer["features"]}


def written(tmp_path, features, name="a.geojson", **more):
    path = tmp_path / name
    document = {"type": "FeatureCollection"} | more | {"features": features}
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


MIXED = [3, "3m以上", 4.5, "3", True, None, {"a": [1, "x"]}, [], "", -7, 2**64 - 1, "null", '"q"']


def test_every_value_of_a_geojson_column_keeps_its_own_type(cut, tmp_path):
    path = written(tmp_path, [feature(n, v=value) for n, value in enumerate(MIXED)])
    found, _ = cut(path)
    values = {n: f["properties"].get("v") for n, f in found.items()}
    expected = [
        json.dumps(v, separators=(",", ":")) if isinstance(v, dict | list) else v for v in MIXED
    ]
    assert list(map(values.get, range(len(MIXED)))) == expected
    assert type(values[4]) is bool
    assert type(values[0]) is int


@pytest.mark.parametrize(
    "text",
    ["2024/01/05", "2024-01-05 09:00", "2024-01-05T09:00:00.123456Z", "09:00", "2024-01-05"],
)
def test_text_that_looks_like_a_date_stays_as_it_is(cut, tmp_path, text):
    found, _ = cut(written(tmp_path, [feature(0, d=text), feature(1, d=None)]))
    assert found[0]["properties"]["d"] == text


def test_whole_numbers_of_64_bits_and_truth_beside_numbers_are_kept(cut, tmp_path):
    values = [2**64 - 1, 2**53 + 1, 0]
    both = [True, 1, 0]
    path = written(
        tmp_path,
        [feature(n, big=b, yes=y) for n, (b, y) in enumerate(zip(values, both, strict=True))],
    )
    found, _ = cut(path)
    assert [found[n]["properties"]["big"] for n in range(3)] == values
    assert [repr(found[n]["properties"]["yes"]) for n in range(3)] == ["True", "1", "0"]


@pytest.mark.parametrize("shape", ["collection", "lines", "records", "single", "late members"])
def test_geojson_is_read_however_it_is_laid_out(cut, tmp_path, shape):
    features = [feature(n, v=["}", '"{[', "\\"][n]) for n in range(3)]
    path = tmp_path / "a.geojson"
    if shape == "collection":
        path = written(tmp_path, features, crs=None, name="a.geojson", note={"features": [1]})
    elif shape == "late members":
        path.write_text('\ufeff{"features":' + json.dumps(features, indent=2)
                        + ', "type":"FeatureCollection"}', encoding="utf-8")  # fmt: skip
    elif shape == "single":
        features = features[:1]
        path.write_text(json.dumps(features[0]), encoding="utf-8")
    else:
        separator = "\x1e" if shape == "records" else ""
        path = tmp_path / "a.geojsonl"
        lines = (f"{separator}{json.dumps(f)}\n" for f in features)
        path.write_text("".join(lines), encoding="utf-8")
    found, findings = cut(path)
    assert {n: f["properties"]["v"] for n, f in found.items()} == {
        f["properties"]["n"]: f["properties"]["v"] for f in features
    }
    assert findings == {}


@pytest.mark.parametrize("properties", [{}, None])
def test_geojson_without_any_attribute_is_drawn(cut, tmp_path, properties):
    found, findings = cut(written(tmp_path, [feature() | {"properties": properties}]))
    assert [f["properties"] for f in found.values()] == [{}]
    assert findings == {}


def test_features_larger_than_a_block_are_found(cut, tmp_path):
    large = feature(0, v="あ" * 3_000_000)
    found, _ = cut(written(tmp_path, [large, feature(1, v="x")]))
    assert len(found[0]["properties"]["v"]) == 3_000_000
    assert found[1]["properties"]["v"] == "x"


def test_ids_of_geojson_features_are_kept_and_come_before_a_column(cut, tmp_path):
    ids = [100, 7, str(2**64 - 1), 12.0]
    path = written(tmp_path, [feature(n, id=n) | {"id": i} for n, i in enumerate(ids)])
    found, findings = cut(path)
    assert [found[n]["id"] for n in range(4)] == [100, 7, 2**64 - 1, 12]
    assert [found[n]["properties"]["id"] for n in range(4)] == [0, 1, 2, 3]
    assert findings == {}


def test_what_no_tile_can_have_as_an_id_stays_an_attribute(cut, tmp_path):
    ids = ["way/12", -3, 5, 1.5, "007"]
    path = written(tmp_path, [feature(n) | {"id": i} for n, i in enumerate(ids)])
    found, findings = cut(path)
    assert [found[n]["properties"].get("id") for n in range(5)] == [
        "way/12", "-3", None, "1.5", "007",
    ]  # fmt: skip
    assert found[2]["id"] == 5
    assert findings["id-kept"].count == 4


def test_ids_given_twice_are_said_and_kept(cut, tmp_path):
    path = written(tmp_path, [feature(n) | {"id": 7} for n in range(3)])
    found, findings = cut(path)
    assert [found[n]["id"] for n in range(3)] == [7, 7, 7]
    assert findings["id-collision"].count == 2


def test_primary_keys_of_a_geopackage_are_kept(cut, tmp_path):
    path = tmp_path / "a.gpkg"
    frame = gpd.GeoDataFrame({"n": [0, 1, 2]}, geometry=shapely.points([[1, 1]] * 3), crs=4326)
    pyogrio.write_dataframe(frame, path)
    import sqlite3

    with sqlite3.connect(path) as base:
        for trigger in base.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger'"
        ).fetchall():
            base.execute(f'DROP TRIGGER "{trigger[0]}"')
        base.execute("UPDATE a SET fid = fid * 1000 WHERE n = 1")
    base.close()
    found, _ = cut(path)
    assert [found[n]["id"] for n in range(3)] == [1, 2000, 3]


def test_json_columns_of_a_geopackage_are_written_once(cut, tmp_path):
    path = tmp_path / "a.gpkg"
    frame = gpd.GeoDataFrame({"n": [0, 1, 2]}, geometry=shapely.points([[1, 1]] * 3), crs=4326)
    pyogrio.write_dataframe(frame.assign(j="x"), path)
    import sqlite3

    with sqlite3.connect(path) as base:
        for trigger in base.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger'"
        ).fetchall():
            base.execute(f'DROP TRIGGER "{trigger[0]}"')
        base.execute(
            "INSERT INTO gpkg_data_columns VALUES ('a','j',NULL,NULL,NULL,'application/json',NULL)"
        ) if base.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'gpkg_data_columns'"
        ).fetchone() else None
        for n, value in enumerate(['{ "a" : 1 }', "[1, 2]", "no json"]):
            base.execute("UPDATE a SET j = ? WHERE n = ?", (value, n))
    base.close()
    found, _ = cut(path)
    assert found[2]["properties"]["j"] == "no json"
    assert json.loads(found[0]["properties"]["j"]) == {"a": 1}


def test_a_text_column_of_ids_is_kept_unless_the_ids_say_it_all(cut, tmp_path):
    def parquet(values):
        path = tmp_path / "a.parquet"
        data = {"n": range(len(values)), "gid": values}
        frame = gpd.GeoDataFrame(data, geometry=shapely.points([[1, 1]] * len(values)), crs=4326)
        frame.to_parquet(path)
        return path

    found, findings = cut(parquet(["1", str(2**64 - 1)]), id_column="gid")
    assert [found[n]["id"] for n in range(2)] == [1, 2**64 - 1]
    assert "gid" not in found[0]["properties"]
    assert findings == {}
    found, findings = cut(parquet(["1", "A-3", str(2**64)]), id_column="gid")
    assert [found[n]["properties"]["gid"] for n in range(3)] == ["1", "A-3", str(2**64)]
    assert findings["id-unusable"].count == 2
    found, findings = cut(parquet(["012025", "401005"]), id_column="gid")
    assert found[0] | {"geometry": None, "type": ""} == {
        "id": 12025, "properties": {"gid": "012025"}, "geometry": None, "type": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    "options",
    [
        {"id_column": "nmae"},
        {"options": LayerOptions(rank="nmae")},
        {"options": LayerOptions(sums=("nmae",))},
        {"options": LayerOptions(attributes=("nmae",))},
        {"options": LayerOptions(attribute_zooms={"nmae": (0, 1)})},
    ],
)
@pytest.mark.parametrize("memory", [0, SMALL])
def test_a_column_that_is_not_there_is_an_error_that_names_the_nearest(tmp_path, options, memory):
    path = written(tmp_path, [feature(0, name="x")])
    special = options.get("options")
    whole = TileOptions(layers={"a": special} if special else {}, maxzoom=0)
    with pytest.raises(TilingError, match="'nmae' does not exist; there is: name"):
        _cut(path, tmp_path / "a.pmtiles", whole, options.get("id_column"), memory)


def test_a_column_only_some_layers_have_is_a_warning(tmp_path):
    one = written(tmp_path, [feature(5, key=1)], name="one.geojson")
    two = written(tmp_path, [feature(6)], name="two.geojson")
    report = tile({"one": one, "two": two}, tmp_path / "a.pmtiles", id_column="key")
    assert [f.code for f in report.findings] == ["column-missing"]
    assert "two" in report.findings[0].message_en


def test_an_option_for_a_layer_that_is_not_there_is_an_error(tmp_path):
    options = TileOptions(layers={"paks": LayerOptions()})
    with pytest.raises(TilingError, match="layer 'paks' does not exist; there is: parks"):
        tile({"parks": written(tmp_path, [feature()])}, tmp_path / "a.pmtiles", options)


def _dbf(name, rows):
    """Return a .dbf of one text column, a name and values given as bytes."""
    width = 20
    head = struct.pack("<BBBBIHH20x", 3, 124, 1, 1, len(rows), 32 + 64 + 1, 1 + width + 4)
    columns = name.ljust(11, b"\0") + b"C" + bytes(4) + bytes([width, 0]) + bytes(14)
    columns += b"n".ljust(11, b"\0") + b"N" + bytes(4) + bytes([4, 0]) + bytes(14)
    body = b"".join(b" " + r.ljust(width) + n.rjust(4) for r, n in rows)
    return head + columns + b"\x0d" + body + b"\x1a"


def shapefile(tmp_path, name, rows, cpg=None):
    path = tmp_path / "a.shp"
    frame = gpd.GeoDataFrame(
        {"x": range(len(rows))}, geometry=shapely.points([[1, 1]] * len(rows)), crs=4326
    )
    pyogrio.write_dataframe(frame, path)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    path.with_suffix(".dbf").write_bytes(_dbf(name, rows))
    if cpg:
        path.with_suffix(".cpg").write_text(cpg)
    return path


def test_a_shapefile_without_cpg_is_read_as_cp932_and_says_so(cut, tmp_path):
    rows = [("髙島①丁目".encode("cp932"), b"0"), (b"\x8d\x60\x8d", b"1"), (b"ascii", b"2")]
    found, findings = cut(shapefile(tmp_path, "名称".encode("cp932"), rows))
    assert found[0]["properties"]["名称"] == "髙島①丁目"
    assert found[1]["properties"]["名称"] == "港"
    assert set(findings) == {"text-assumed", "text-cut"}


@pytest.mark.parametrize(
    ("cpg", "said"), [("UTF-8", set()), (None, {"text-corrected"}), ("932", {"text-corrected"})]
)
def test_a_shapefile_in_utf8_is_recognised(cut, tmp_path, cpg, said):
    found, findings = cut(shapefile(tmp_path, b"name", [("港".encode(), b"0")], cpg))
    assert found[0]["properties"]["name"] == "港"
    assert set(findings) == said


def test_a_number_a_shapefile_does_not_hold_is_no_zero(cut, tmp_path):
    path = shapefile(tmp_path, b"name", [(b"a", b"0"), (b"b", b"7")])
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"   7", b" abc"))
    found, findings = cut(path)
    assert findings["number-unreadable"].value == "abc"
    assert found[None]["properties"] == {"name": "b"}


def test_text_that_is_not_utf8_stops_geojson_and_is_read_elsewhere(cut, tmp_path):
    path = written(tmp_path, [feature(0, s="港")])
    path.write_bytes(path.read_bytes().decode().encode("cp932"))
    with pytest.raises(TilingError, match=r"is not UTF-8 \(line 1"):
        cut(path)
    raw = pa.array(["港".encode("cp932"), "川".encode(), b"\x81\x01x"], pa.binary()).view(
        pa.string()
    )
    found, findings = cut(parquet(tmp_path, {"s": raw}))
    assert [found[n]["properties"]["s"] for n in range(2)] == ["港", "川"]
    assert {"text-cp932", "text-broken"} <= set(findings)


def parquet(tmp_path, columns, geo=None):
    path = tmp_path / "typed.parquet"
    rows = len(next(iter(columns.values())))
    wkb = pa.array([shapely.to_wkb(shapely.Point(130, 33))] * rows, pa.binary())
    table = pa.table({"n": pa.array(range(rows), pa.int64())} | columns | {"geometry": wkb})
    described = {"encoding": "WKB", "geometry_types": []} | (geo or {})
    facts = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": described}}
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(facts)}), path)
    return path


TYPED = {
    "string_view": (pa.array(["港", None, "x"], pa.string_view()), ["港", None, "x"]),
    "large_string": (pa.array(["港"], pa.large_string()), ["港"]),
    "dictionary": (pa.array(["a", "b", "a"]).dictionary_encode(), ["a", "b", "a"]),
    "binary_view": (pa.array([b"\x01\xff"], pa.binary_view()), ["01ff"]),
    "decimal": (pa.array([decimal.Decimal("1.25")], pa.decimal128(9, 2)), [1.25]),
    "whole decimal": (pa.array([decimal.Decimal(10**17 + 1)], pa.decimal128(18, 0)), [10**17 + 1]),
    "list": (pa.array([[1, 2], None], pa.list_(pa.int64())), ["[1,2]", None]),
    "struct": (pa.array([{"a": 1, "b": "港"}]), ['{"a":1,"b":"港"}']),
    "map": (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), ['{"k":1}']),
    "time": (pa.array([dt.time(9, 5)], pa.time32("s")), ["09:05:00"]),
    "fine time": (pa.array([1], pa.time64("ns")), ["00:00:00.000000001"]),
    "duration": (pa.array([5_400], pa.duration("s")), ["PT1H30M0S"]),
    "half": (pa.array(np.array([1.5], np.float16)), [1.5]),
    "dates": (pa.array([dt.date(2024, 1, 5)]), ["2024-01-05"]),
    "unsigned": (pa.array([2**64 - 1], pa.uint64()), [2**64 - 1]),
    "nothing": (pa.nulls(2), [None, None]),
    "dates in lists": (pa.array([[dt.date(2024, 1, 5)]]), ['["2024-01-05"]']),
}


@pytest.mark.parametrize("kind", TYPED)
def test_every_type_of_parquet_arrives(cut, tmp_path, kind):
    column, expected = TYPED[kind]
    found, findings = cut(parquet(tmp_path, {"v": column}))
    assert [found[n]["properties"].get("v") for n in range(len(expected))] == expected
    assert findings == {}


def test_dates_beyond_four_digits_are_left_out_and_said(cut, tmp_path):
    far = pa.array([2**40, 0], pa.timestamp("s"))
    found, findings = cut(parquet(tmp_path, {"v": far}))
    assert "v" not in found[0]["properties"]
    assert findings["date-beyond"].count == 1


def test_a_covering_may_have_any_name_and_is_no_attribute(cut, tmp_path):
    box = pa.array([{"xmin": 130.0, "ymin": 33.0, "xmax": 130.0, "ymax": 33.0}])
    paths = {name: ["extent of it", name] for name in ("xmin", "ymin", "xmax", "ymax")}
    geo = {"covering": {"bbox": paths}}
    found, findings = cut(parquet(tmp_path, {"extent of it": box, "bbox": pa.array(["x"])}, geo))
    assert found[0]["properties"] == {"bbox": "x"}
    assert findings == {}


@pytest.mark.parametrize("dimensions", ["z", "xy"])
def test_geoarrow_encodings_are_read(cut, tmp_path, dimensions):
    path = tmp_path / "a.parquet"
    shapes = shapely.points([[130, 33, 5]] if dimensions == "z" else [[130, 33]])
    frame = gpd.GeoDataFrame({"n": [0]}, geometry=shapes, crs=4326)
    frame.to_parquet(path, geometry_encoding="geoarrow", schema_version="1.1.0")
    found, _ = cut(path)
    assert set(found) == {0}


def test_a_column_of_objects_in_memory_keeps_types(tmp_path):
    frame = gpd.GeoDataFrame({"n": [0, 1, 2], "v": [3, "x", {"a": 1}]},
                             geometry=shapely.points([[1, 1]] * 3), crs=4326)  # fmt: skip
    tile(frame, tmp_path / "a.pmtiles", TileOptions(maxzoom=0))
    found = _features(tmp_path / "a.pmtiles")
    assert [found[n]["properties"]["v"] for n in range(3)] == [3, "x", '{"a":1}']


def test_the_metadata_says_what_tippecanoe_says(tmp_path):
    path = written(tmp_path, [feature(n, v=v) for n, v in enumerate(["b", 2, 1.5, True, "a"])])
    tile(path, tmp_path / "a.pmtiles", TileOptions(maxzoom=0))
    with PMTilesReader(tmp_path / "a.pmtiles") as reader:
        described = reader.metadata
    beside = {k: v for k, v in described.items() if k not in ("vector_layers", "tilestats")}
    assert all(isinstance(value, str) for value in beside.values())
    (layer,) = described["tilestats"]["layers"]
    assert layer["attributes"] == [
        {"attribute": "n", "count": 5, "type": "number", "values": [0, 1, 2, 3, 4],
         "min": 0, "max": 4},
        {"attribute": "v", "count": 5, "type": "mixed", "values": [True, 1.5, 2, "a", "b"],
         "min": 1.5, "max": 2},
    ]  # fmt: skip
