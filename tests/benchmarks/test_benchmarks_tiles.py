"""The benchmark's own parts: inputs that never change, a judge that notices, honest tables."""

import gzip

import numpy as np
import pytest
import shapely
from mapbox_vector_tile.Mapbox import vector_tile_pb2

from benchmarks.tiles import cities, tables
from benchmarks.tiles.contest import Input, Score, contest
from benchmarks.tiles.judge import judge
from benchmarks.tiles.measure import Run, RunFailedError, run
from benchmarks.tiles.peers import Peer
from pipeline.tiling.archive import PMTilesWriter, tile_id

SQUARE = [9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15]
BOW_TIE = [9, 0, 0, 26, 0, 20, 40, 19, 0, 40, 15]


@pytest.mark.parametrize("kind", cities.KINDS)
def test_the_same_city_is_built_every_time(kind):
    first, again = (cities.KINDS[kind](400) for _ in range(2))
    assert first.drop(columns="geometry").equals(again.drop(columns="geometry"))
    assert first.to_wkb().equals(again.to_wkb())


@pytest.mark.parametrize("kind", cities.KINDS)
def test_every_feature_of_the_city_is_valid_and_has_an_id_of_its_own(kind):
    table = cities.KINDS[kind](400)
    assert shapely.is_valid(table.geometry.values).all()
    assert table["id"].is_unique


def test_a_larger_city_is_wider_not_denser():
    small, large = (cities.buildings(count).total_bounds for count in (1_000, 16_000))
    widths = [bounds[2] - bounds[0] for bounds in (small, large)]
    assert 3 < widths[1] / widths[0] < 5


def archive(path, features, zoom=3):
    """Write one tile with `features`: pairs of id and polygon commands."""
    message = vector_tile_pb2.tile()
    layer = message.layers.add(name="a", version=2, extent=4096, keys=["id"])
    for position, (number, commands) in enumerate(features):
        layer.values.add(int_value=number)
        layer.features.add(tags=[0, position], type=3, geometry=commands)
    data = gzip.compress(message.SerializeToString(), mtime=0)
    with PMTilesWriter(
        path, metadata={}, minzoom=zoom, maxzoom=zoom, bounds=(0, 0, 1, 1)
    ) as writer:
        writer.write(tile_id(zoom, 1, 2), data)
    return path


def test_the_judge_counts_features_by_their_id(tmp_path):
    path = archive(tmp_path / "a.pmtiles", [(7, SQUARE), (9, SQUARE), (7, SQUARE)])
    verdict = judge(path, [3])
    assert verdict.present == {3: 2}
    assert verdict.tiles == 1
    assert verdict.bytes == path.stat().st_size


def test_the_judge_notices_polygons_that_are_not_valid(tmp_path):
    verdict = judge(
        archive(tmp_path / "a.pmtiles", [(1, SQUARE), (2, BOW_TIE), (3, SQUARE[:3])]), [3]
    )
    assert (verdict.polygons, verdict.invalid) == (3, 2)


def test_a_run_is_timed_and_its_memory_is_its_own():
    ballast = np.ones(30_000_000)  # 240 MB that the child must not be charged with
    done = run(["sleep", "0.2"])
    assert ballast.size
    assert 0.2 <= done.seconds < 5
    assert done.peak_bytes < 60e6


def test_a_run_that_fails_says_why():
    with pytest.raises(RunFailedError, match=r"status 2.*No such file"):
        run(["ls", "/there/is/nothing"])


def test_a_run_that_takes_too_long_is_ended():
    with pytest.raises(RunFailedError, match="status -9"):
        run(["sleep", "30"], allowed=1)


def test_a_contestant_that_fails_is_shown_and_not_asked_again(tmp_path):
    peer = Peer("nobody", "0", "parquet", ("false",), "nothing")
    told = []
    (score,) = contest(Input("points", 20), [peer], runs=3, folder=tmp_path, tell=told.append)
    assert len(told) == 1
    assert "| nobody | failed: status 1" in tables.contest_table(Input("points", 20), [score])


def test_the_table_gives_ratios_to_ours_and_what_was_lost(tmp_path):
    given = Input("buildings", 4, maxzoom=3, minzoom=3)
    verdict = judge(archive(tmp_path / "a.pmtiles", [(1, SQUARE), (2, BOW_TIE)]), [3])
    ours = Score("tonari", [Run(1.0, 1.0, 10_000_000)] * 3, verdict)
    theirs = Score("peer", [Run(2.5, 1.0, 10_000_000)], verdict)
    line = tables.contest_table(given, [ours, theirs]).splitlines()[-1]
    assert line.startswith("| peer | 2.50 (1 run) | 2.5 |")
    assert "| 2 | 0% / 0% / 0% | 1 of 2 |" in line


def test_tables_replace_only_what_stands_between_the_marks(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{tables.BEGIN}\nold\n{tables.END}\nafter\n", encoding="utf-8")
    tables.replace_section(document, "new")
    text = document.read_text(encoding="utf-8")
    assert text == f"before\n{tables.BEGIN}\nnew\n{tables.END}\nafter\n"
    document.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="has no"):
        tables.replace_section(document, "new")
