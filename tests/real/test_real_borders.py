"""N03 fits together to the last digit; shelters of neighbours are held against it."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.borders.analysis import analyse
from pipeline.borders.areas import Ground, Side, gaps, overlaps
from pipeline.borders.duplicates import duplicates
from pipeline.borders.mending import mended
from pipeline.borders.observations import Pair
from pipeline.borders.reference import reference_of
from pipeline.borders.strays import strays
from pipeline.borders.subject import Subject
from pipeline.config.borders import Borders

pytestmark = [pytest.mark.real, pytest.mark.slow]
ZONE = "EPSG:6670"
NAME = "施設・場所名"


@pytest.fixture(scope="module")
def n03(real_data):
    parts = [
        gpd.read_file(path).assign(municipality_code=path.stem)
        for path in sorted((real_data / "n03").glob("*.json"))
    ]
    frame = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)).to_crs("EPSG:6668")
    return frame.assign(id=frame.index.astype(str))


@pytest.fixture(scope="module")
def reference(n03):
    return reference_of(n03)


def lengths(reference):
    lines = gpd.GeoSeries(list(reference.lines.values()), crs=reference.crs).to_crs(ZONE)
    return dict(zip((pair.name for pair in reference.lines), lines.length, strict=True))


def test_the_common_lines_are_those_measured_by_hand(reference):
    found = lengths(reference)
    assert len(found) == 42
    assert sum(found.values()) == pytest.approx(343_081.6, abs=0.1)
    for pair, metres in {
        "35202-35216": 32507.5, "40213-40625": 31508.7, "40625-40647": 23640.8,
        "35201-35216": 13448.1, "40109-40204": 12722.7, "40103-40382": 103.5,
        "40107-40621": 13111.1, "40381-40382": 580.0,
    }.items():  # fmt: skip
        assert found[pair] == pytest.approx(metres, abs=0.06), pair
    assert len(reference.nodes) == 21


def test_straits_are_measured_to_the_decimetre(reference):
    near = {pair.name: round(metres, 1) for pair, metres in reference.near(1000).items()}
    for pair, metres in {
        "40109-40381": 103.2, "40103-40105": 222.5, "40103-40108": 268.5,
        "35201-40106": 278.1, "35201-40101": 625.1, "40103-40384": 446.7, "40383-40402": 0.0,
    }.items():  # fmt: skip
        assert near[pair] == pytest.approx(metres, abs=0.15), pair


def test_there_is_no_gap_and_no_overlap_in_any_pair(n03, reference):
    found = analyse(Subject(n03, Borders(full=True)), reference)
    assert set(found["kind"]) == {"sea"}


@pytest.mark.parametrize(
    ("metres", "overlap", "gap"),
    [(0.7, 583, 6_372), (1.75, 1_455, 15_927), (5, 4_143, 45_490), (17.5, 14_322, 159_018)],
)
def test_a_ward_moved_to_the_north_east_leaves_the_areas_measured_by_hand(
    n03, reference, metres, overlap, gap
):
    pair, plane = Pair("40109", "40204"), n03.to_crs(ZONE)
    step = metres / np.sqrt(2)

    def side(code, by):
        shapes = plane[plane["municipality_code"] == code].geometry.to_numpy()
        moved = shapely.transform(shapes, lambda c: c + by)
        return Side(code, np.full(len(shapes), code, object), moved)

    a, b = side("40109", step), side("40204", 0.0)
    true = plane[plane["municipality_code"].isin([pair.a, pair.b])].geometry
    others = plane[~plane["municipality_code"].isin([pair.a, pair.b])].geometry.to_numpy()
    line = gpd.GeoSeries([reference.lines[pair]], crs=reference.crs).to_crs(ZONE)[0]
    ground = Ground(line, true.union_all())
    assert overlaps(a, b, pair, ZONE)["size"].sum() == pytest.approx(overlap, rel=0.002)
    assert gaps((a, b), others, ground, pair, ZONE)["size"].sum() == pytest.approx(gap, rel=0.002)


@pytest.mark.parametrize(("east", "north", "kind"), [(1.75, 0, "shift"), (219, -363, "datum")])
def test_a_city_moved_as_a_whole_is_one_finding(n03, reference, east, north, kind):
    moved = n03.copy()
    own = moved["municipality_code"] == "40204"
    moved.loc[own, "geometry"] = moved[own].to_crs(ZONE).translate(east, north).to_crs("EPSG:6668")
    found = analyse(Subject(moved, Borders(full=True)), reference)
    (row,) = found[found["kind"] != "sea"].itertuples()
    assert (row.kind, row.a) == (kind, "40204")
    assert row.size == pytest.approx(np.hypot(east, north), rel=0.001)


def test_a_city_drawn_wavering_is_snapped_into_a_valid_coverage_with_all_its_neighbours(
    n03, reference
):
    near = n03[n03["municipality_code"].isin(["40204", "40109", "40402", "40401", "40107"])]
    near = near.reset_index(drop=True)
    own = near["municipality_code"] == "40204"

    def wavering(c):
        k = 2 * np.pi / 400
        return c + 0.5 * np.column_stack([np.sin(k * c[:, 1]), np.cos(k * c[:, 0])])

    drawn = near[own].to_crs(ZONE).geometry.to_numpy()
    near.loc[own, "geometry"] = (
        gpd.GeoSeries(shapely.transform(drawn, wavering), crs=ZONE).to_crs("EPSG:6668").to_numpy()
    )
    subject = Subject(near, Borders(rule="snap", tolerance=2.0, full=True))
    state = mended(subject, reference, analyse(subject, reference))
    assert not shapely.coverage_is_valid(subject.shapes)
    assert shapely.coverage_is_valid(state.shapes)
    assert 0 < state.moved.max() <= 2.0


@pytest.fixture(scope="module")
def shelters(real_data):
    parts = []
    for path in sorted((real_data / "shelters").glob("*.json")):
        kind, _, code = path.stem.partition("_")
        parts.append(gpd.read_file(path).assign(list=kind, city=code))
    frame = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)).to_crs("EPSG:6668")
    return frame.assign(id=frame.index.astype(str), municipality_code=frame["city"].str[:5])


def test_five_shelters_lie_in_a_neighbouring_municipality(n03, shelters):
    wards = n03["municipality_code"].str.startswith("401")
    city = n03.assign(municipality_code=n03["municipality_code"].where(~wards, "40100"))
    found = strays(shelters, reference_of(city), {})
    metres = sorted((size for table in found for size in table["size"]), reverse=True)
    assert metres == pytest.approx([1161.5, 1153.8, 719.9, 188.6, 66.9], abs=1)


def test_what_is_told_as_one_place_has_one_address(shelters):
    """The site number of the common id is the same where the address is."""
    plane, told = shelters.to_crs(ZONE), {"same": [], "part": []}
    for _, city in plane.groupby("city"):
        lists = [city[city["list"] == kind] for kind in ("emergency", "evacuation")]
        found = duplicates(
            tuple(one.geometry.to_numpy() for one in lists),
            tuple(list(one[NAME]) for one in lists),
            foreign=False,
        )
        sites = [one["共通ID"].str[6:11].to_numpy() for one in lists]
        equal = sites[0][found.a] == sites[1][found.b]
        for grade in told:
            told[grade] += equal[found.grade == grade].tolist()
    assert len(told["same"]) == 848
    assert np.mean(told["same"]) > 0.99
    assert np.mean(told["part"]) > 0.97
