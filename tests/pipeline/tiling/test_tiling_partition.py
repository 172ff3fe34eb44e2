"""Cut part by part or in one go: nobody can tell from the archive."""

import resource

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.errors import TilingError
from pipeline.tiling import Filter, LayerOptions, TileOptions
from pipeline.tiling.engine import cut_sources, working_threads
from pipeline.tiling.partition.limits import Limits
from pipeline.tiling.partition.run import cut_streams
from pipeline.tiling.partition.streams import ENGINE_BYTES, needs, streams_of
from pipeline.tiling.reading.layers import read_layers

WORDS = {"name": "test", "attribution": "", "description": ""}
TINY = Limits(batch=2_000, chunk=1_500, task=4_000)
"""Everything in several parts, even where there is little of it."""

EVERYTHING = Limits(batch=10**9, chunk=10**9, task=10**9)


def both(tmp_path, layers, options, limits=TINY, id_column=None, progress=lambda *_: None):
    """Cut in one go and part by part; return both reports and both archives."""
    one, two = tmp_path / "one.pmtiles", tmp_path / "two.pmtiles"
    whole = cut_sources(read_layers(layers), one, options, id_column, WORDS)
    with working_threads(options) as (pool, threads):
        parts = cut_streams(
            streams_of(layers), two, options, limits, id_column, WORDS, progress, pool, threads
        )
    return whole, parts, one.read_bytes(), two.read_bytes()


def assert_same(whole, parts, one, two):
    """Compare everything but the time it took and the one finding only parts can have."""
    assert one == two
    assert parts.zooms == whole.zooms
    assert parts.layers == whole.layers
    assert parts.bounds == whole.bounds
    assert [f for f in parts.findings if f.code != "tile-over-memory"] == whole.findings


def frame(geometry, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs=4326)


def town(count, seed=5, width=0.6):
    """Blocks that share borders, buildings, streets and places, with attributes of all kinds."""
    rng = np.random.default_rng(seed)
    x, y = (v.ravel() for v in np.meshgrid(np.arange(10), np.arange(5)))
    step = width / 10
    blocks = shapely.segmentize(
        shapely.box(130 + x * step, 33 + y * step, 130 + (x + 1) * step, 33 + (y + 1) * step),
        step / 5,
    )
    corners = rng.random((count, 2)) * [width, width / 2] + [130, 33]
    size = rng.lognormal(-9, 1, (count, 2))
    houses = shapely.box(*corners.T, *(corners + size).T)
    walks = corners[:, None, :] + np.cumsum(rng.normal(0, width / 300, (count, 5, 2)), axis=1)
    geometry = np.concatenate([blocks, houses, shapely.linestrings(walks), shapely.points(corners)])
    total = len(geometry)
    return frame(
        geometry,
        name=np.array([f"名{i}" for i in rng.integers(0, total, total)]),
        floors=rng.integers(-3, 9, total),
        height=np.where(rng.random(total) < 0.1, np.nan, np.round(rng.normal(0, 1, total), 1)),
        listed=rng.random(total) < 0.5,
    )


SHAPES = st.one_of(
    st.builds(shapely.Point, st.floats(-179, 179), st.floats(-84, 84)),
    st.builds(
        lambda xy, w, h: shapely.box(*xy, xy[0] + w, xy[1] + h),
        st.tuples(st.floats(129, 131), st.floats(32, 34)), st.floats(1e-5, 2), st.floats(1e-5, 2),
    ),
    st.lists(
        st.tuples(st.floats(129, 131), st.floats(32, 34)), min_size=2, max_size=12, unique=True
    ).map(shapely.LineString),
    st.lists(
        st.tuples(st.floats(129, 131), st.floats(32, 34)), min_size=4, max_size=12, unique=True
    ).map(shapely.Polygon),
    st.just(shapely.Polygon([(179, 10), (182, 10), (182, 12), (179, 12)])),
    st.just(shapely.MultiPoint([(130, 33), (131, 33), (130, 33)])),
    st.just(
        shapely.GeometryCollection([shapely.Point(130.2, 33.2), shapely.box(130, 33, 130.1, 33.3)])
    ),
    st.just(None),
    st.just(shapely.Point()),
    st.just(shapely.Point(500, 33)),
)  # fmt: skip

VALUES = st.one_of(st.none(), st.sampled_from(["a", "b", "亀", ""]))
NUMBERS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.5, 1e300, float("inf"), 7.0]))


@st.composite
def layers(draw):
    """One to three layers of anything."""
    found = {}
    for at in range(draw(st.integers(1, 3))):
        shapes = draw(st.lists(SHAPES, min_size=1, max_size=30))
        count = len(shapes)
        columns = {
            "text": draw(st.lists(VALUES, min_size=count, max_size=count)),
            "number": np.array(
                draw(st.lists(NUMBERS, min_size=count, max_size=count)), dtype=float
            ),
            "whole": np.arange(count) % 3,
        }
        if draw(st.booleans()):
            columns["id"] = draw(
                st.lists(st.integers(-1 if at else 0, 40), min_size=count, max_size=count)
            )
        found[f"layer{at}"] = frame(shapes, **columns)
    return found


LIMITS = st.builds(
    Limits,
    batch=st.integers(200, 20_000),
    chunk=st.integers(200, 20_000),
    task=st.integers(200, 60_000),
)
OPTIONS = st.builds(
    lambda least, zooms, buffer, columns, budget: TileOptions(
        minzoom=least,
        maxzoom=least + zooms,
        buffer=buffer,
        layers=columns,
        tile_bytes=400 if budget else 500_000,
        strategies=budget,
    ),
    st.integers(0, 5),
    st.integers(0, 7),
    st.sampled_from([0, 80, 1000]),
    st.sampled_from(
        [
            {},
            {"layer0": LayerOptions(attributes=("whole",), attribute_zooms={"whole": (3, 5)})},
            {
                "layer0": LayerOptions(
                    zooms=(2, 6), rank="number", filters=(Filter("whole", (1,), (4, 9)),)
                )
            },
        ]
    ),
    st.sampled_from([(), ("simplify",), ("coalesce", "densest"), ("cluster", "rank")]),
)


# Shrinking a failure would take minutes; the parts named in it can be made smaller by hand.
@given(layers(), LIMITS, OPTIONS)
@settings(
    max_examples=16,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_layers_in_parts_of_any_size_give_the_same_archive(tmp_path, data, limits, options):
    try:
        expected = cut_sources(read_layers(data), tmp_path / "two.pmtiles", options, None, WORDS)
    except TilingError as error:
        with working_threads(options) as (pool, threads), pytest.raises(TilingError) as raised:
            cut_streams(
                streams_of(data), tmp_path / "two.pmtiles", options, limits, None, WORDS,
                lambda *_: None, pool, threads,
            )  # fmt: skip
        assert str(raised.value) == str(error)
        return
    assert expected.zooms
    assert_same(*both(tmp_path, data, options, limits))


@pytest.mark.parametrize(
    "limits",
    [TINY, Limits(30_000, 20_000, 60_000), Limits(200_000, 9_000, 30_000), EVERYTHING],
    ids=["tiny", "small", "few runs", "one part"],
)
def test_a_town_in_parts_is_the_town(tmp_path, limits):
    assert_same(*both(tmp_path, town(800), TileOptions(maxzoom=13), limits))


def test_two_layers_share_their_tiles(tmp_path):
    data = {"a": town(400), "b": town(900, seed=9, width=2.0)}
    assert_same(*both(tmp_path, data, TileOptions(maxzoom=12), Limits(50_000, 20_000, 60_000)))


@pytest.mark.parametrize(
    "strategies", [("simplify", "coalesce"), ("cluster", "densest"), ("rank",)]
)
def test_tiles_above_their_budget_are_reduced_alike(tmp_path, strategies):
    special = LayerOptions(rank="floors", sums=("floors",))
    options = TileOptions(
        maxzoom=11, tile_bytes=6_000, strategies=strategies, layers={"layer": special}
    )
    whole, *rest = both(tmp_path, town(1500), options, Limits(100_000, 30_000, 80_000))
    assert any(
        {"simplified_more", "coalesced", "clustered", "dropped_densest", "dropped_by_rank"}
        & set(zoom.causes)
        for zoom in whole.zooms
    )
    assert_same(whole, *rest)


def test_shared_borders_that_lie_in_different_parts_stay_together(tmp_path):
    rng = np.random.default_rng(4)
    sites = shapely.multipoints(rng.random((200, 2)) + np.array([130, 33]))
    window = shapely.box(130, 33, 131, 34)
    cells = shapely.get_parts(shapely.voronoi_polygons(sites, extend_to=window))
    cells = shapely.segmentize(shapely.intersection(cells, window), 0.003)
    data = frame(rng.permutation(cells))
    options = TileOptions(minzoom=5, maxzoom=10)
    assert_same(*both(tmp_path, data, options, Limits(20_000, 10_000, 20_000)))
    for row in read_nodes(data):
        assert row > 0


def read_nodes(data):
    """Return how many vertices of the input end a shared border: the test needs some."""
    from pipeline.tiling.geometry.coordinates import filled, measured
    from pipeline.tiling.geometry.topology import mark_nodes

    with working_threads(TileOptions(threads=1)) as (pool, threads):
        coordinates = measured(read_layers(data)[0].geometry, pool, threads)
        shapes = filled(coordinates, np.arange(len(data)), pool, threads)
    return [int(mark_nodes(shapes).sum())]


@pytest.mark.parametrize("ids", ["distinct", "repeated", "negative", "missing", "named"])
def test_ids_come_from_where_they_always_come_from(tmp_path, ids):
    data = town(300)
    values = np.random.default_rng(1).permutation(len(data)).astype(object)
    if ids in ("repeated", "named"):
        values[[3, 700]] = values[[500, 2]]
    if ids in ("negative", "missing", "named"):
        values[40] = None if ids == "missing" else -4
    data["id"] = values if ids == "missing" else values.astype(np.int64)
    if ids == "missing":
        data["id"] = data["id"].astype("Int64")
    column = "id" if ids == "named" else None
    whole, *rest = both(tmp_path, data, TileOptions(maxzoom=9), TINY, id_column=column)
    assert ("id" in whole.layers[0].fields) == (ids != "distinct")
    assert_same(whole, *rest)


@pytest.mark.parametrize("suffix", ["parquet", "fgb", "gpkg", "geojsonl"])
def test_files_are_read_in_parts(tmp_path, suffix):
    path = tmp_path / f"town.{suffix}"
    data = town(800)
    if suffix == "parquet":
        data.to_parquet(path, row_group_size=700)
    else:
        driver = {"geojsonl": "GeoJSONSeq"}.get(suffix)
        data.to_file(path, driver=driver)
    assert_same(*both(tmp_path, path, TileOptions(maxzoom=10), Limits(60_000, 40_000, 90_000)))


def test_another_reference_system_is_transformed_part_by_part(tmp_path):
    path = tmp_path / "town.parquet"
    town(400).to_crs(6670).to_parquet(path)
    assert_same(*both(tmp_path, path, TileOptions(maxzoom=9), Limits(60_000, 40_000, 90_000)))


def test_nothing_of_the_work_stays(tmp_path):
    both(tmp_path, town(200), TileOptions(maxzoom=7))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.pmtiles", "two.pmtiles"]


@pytest.mark.parametrize("left", ["borders.json", "gathered.json", "scanned.json"])
def test_a_run_stopped_while_it_tidied_up_is_not_gone_on_from(tmp_path, monkeypatch, left):
    """Whatever happened to be left of the work directory, the next run starts anew."""
    data, options = town(300), TileOptions(minzoom=5, maxzoom=9)

    def interrupted(folder):
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_file() and path.name not in (left, "state.json", "lock"):
                path.unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.tiling.partition.workspace.shutil.rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            both(tmp_path, data, options)
    assert_same(*both(tmp_path, data, options))


def test_more_parts_than_a_process_may_hold_files_open(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    squares = shapely.box(130 + np.arange(400) / 400, 33, 130 + np.arange(1, 401) / 400, 33.1)
    options = TileOptions(minzoom=5, maxzoom=8)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
        assert_same(*both(tmp_path, frame(squares), options, Limits(400, 10**6, 10**6)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_shapefile_needs_what_its_table_needs(tmp_path):
    data = gpd.GeoDataFrame(
        {f"f{i}": ["x" * 200] * 200 for i in range(10)},
        geometry=shapely.points(130, np.linspace(33, 34, 200)),
        crs=4326,
    )
    data.to_file(tmp_path / "wide.shp")
    table = (tmp_path / "wide.dbf").stat().st_size
    assert needs(tmp_path / "wide.shp") - ENGINE_BYTES > table


def test_tables_of_other_columns_are_other_inputs():
    data = town(5)
    renamed = data.rename(columns={data.columns[0]: "other"})
    (one,), (two,), (part,) = (streams_of(d) for d in (data, renamed, data.iloc[1:]))
    assert len({one.stamp, two.stamp, part.stamp}) == 3
