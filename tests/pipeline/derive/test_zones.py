"""Rows by mesh and area: totals kept, nothing lost, what lies nowhere named."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given as with_examples
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from shapely.geometry import LineString, Point, box

from pipeline.config.operations import Origin
from pipeline.derive.tables import Given
from pipeline.derive.townkeys import town_key
from pipeline.derive.zones import zones
from pipeline.errors import OperationError
from pipeline.standardise.columns import Field
from pipeline.standardise.values import DTYPES

KINDS = {
    "use": "string",
    "floor": "number",
    "people": "integer",
    "year": "integer",
    "town": "string",
}
WEST, SOUTH, WIDE, HIGH = 130.875, 2033 / 60, 1 / 320, 1 / 480
"""A corner of 250 m cells, and their size."""


def dataset(rows, shapes=None, codes=None, kinds=KINDS):
    columns = {
        name: pd.Series([row.get(name) for row in rows], dtype=DTYPES[kind])
        for name, kind in kinds.items()
    }
    codes = codes or ["401005"] * len(rows)
    frame = pd.DataFrame({"municipality_code": pd.Series(codes, dtype=object)} | columns)
    fields = {name: Field(name, f"題{name}", f"T {name}", kind) for name, kind in kinds.items()}
    if shapes is not None:
        frame = gpd.GeoDataFrame(frame, geometry=list(shapes), crs="EPSG:6668")
    return Given(frame, fields)


def towns(*named):
    return dataset(
        [{"town": n, "people": p} for n, p, _ in named], [s for _, _, s in named],
        kinds={"town": "string", "people": "integer"},
    )  # fmt: skip


def options(measures=None, **declared):
    measures = measures or {
        "buildings": {"kind": "count"},
        "floors": {"kind": "sum", "of": "floor"},
    }
    made = {"records": "b", "operation": "zones", "measures": measures}
    return TypeAdapter(Origin).validate_python(made | declared)


def cell(x, y, width=1.0, height=1.0):
    """Return a box in units of 250 m cells from the corner."""
    return box(
        WEST + x * WIDE, SOUTH + y * HIGH, WEST + (x + width) * WIDE, SOUTH + (y + height) * HIGH
    )


def said(derived):
    return {f.code for f in derived.findings}


def column(derived, name):
    return derived.frame[name].tolist()


HOUSE = {"use": "住宅", "floor": 100.1, "people": 3, "year": 2022, "town": "一枝１丁目"}


def test_a_house_across_two_cells_is_divided_by_its_area():
    made = zones(options(mesh="250m", allocate="area"), dataset([HOUSE], [cell(0.75, 0.2, 1, 0.5)]))
    assert column(made, "mesh_code") == ["5030676011", "5030676012"]
    assert column(made, "floors") == [25.0, 75.1]
    assert column(made, "buildings") == [0, 1]


def test_by_centroid_it_is_where_its_middle_is():
    made = zones(options(mesh="250m"), dataset([HOUSE], [cell(0.75, 0.2, 1, 0.5)]))
    assert column(made, "mesh_code") == ["5030676012"]
    assert column(made, "floors") == [100.1]


@pytest.mark.parametrize("allocate", ["centroid", "area"])
def test_a_shape_that_touches_the_next_cell_is_not_in_it(allocate):
    made = zones(options(mesh="250m", allocate=allocate), dataset([HOUSE], [cell(0, 0)]))
    assert column(made, "mesh_code") == ["5030676011"]


def test_a_point_and_a_line_have_their_cells_too():
    line = LineString(
        [(WEST + 0.5 * WIDE, SOUTH + 0.5 * HIGH), (WEST + 2.5 * WIDE, SOUTH + 0.5 * HIGH)]
    )
    made = zones(
        options({"people": {"kind": "sum", "of": "people"}}, mesh="250m", allocate="area"),
        dataset([HOUSE | {"people": 100}, HOUSE | {"people": 1}], [line, Point(WEST, SOUTH)]),
    )
    assert column(made, "people") == [26, 50, 25]


def test_an_area_without_a_row_is_a_row_of_zeros():
    areas = towns(("西", 10, cell(0, 0)), ("東", 0, cell(5, 0)))
    measures = {"n": {"kind": "count"}, "per_head": {"kind": "ratio", "of": "n", "to": "people"}}
    made = zones(
        options(measures, areas={"layer": "towns"}),
        dataset([HOUSE], [cell(0.1, 0.1, 0.1, 0.1)]),
        areas,
    )
    assert column(made, "n") == [1, 0]
    assert made.frame["per_head"].isna().tolist() == [False, True]
    assert column(made, "per_head")[0] == 0.1


def test_what_lies_in_no_area_is_kept_and_named():
    areas = towns(("西", 1, cell(0, 0)))
    rows = [HOUSE, HOUSE, HOUSE]
    shapes = [cell(0.1, 0.1, 0.1, 0.1), cell(0.5, 0, 1, 1), cell(3, 3, 0.1, 0.1)]
    made = zones(options(areas={"layer": "t"}, allocate="area"), dataset(rows, shapes), areas)
    assert column(made, "town") == [None, "西"]
    # Half a house has 50.05 m²; the ledger counts tenths, and none of them is lost.
    assert column(made, "floors") == [150.1, 150.2]
    assert made.frame.geometry.isna().tolist() == [True, False]
    (outside,) = [f for f in made.findings if f.code == "zones-outside"]
    assert [p.feature for p in outside.places] == ["2", "3"]


def test_where_areas_overlap_nothing_counts_twice_and_it_is_said():
    areas = towns(("甲", 1, cell(0, 0)), ("乙", 1, cell(0, 0)))
    made = zones(
        options(areas={"layer": "t"}, allocate="area"),
        dataset([HOUSE], [cell(0.2, 0.2, 0.2, 0.2)]),
        areas,
    )
    assert sum(column(made, "floors")) == pytest.approx(100.1)
    assert "zones-overlap" in said(made)


@pytest.mark.parametrize("allocate", ["centroid", "area"])
@pytest.mark.parametrize("nothing", [None, shapely.Polygon()])
def test_a_row_without_a_place_is_in_no_zone(nothing, allocate):
    given = dataset([HOUSE, HOUSE], [nothing, cell(0, 0)])
    made = zones(options(mesh="1km", allocate=allocate), given)
    assert column(made, "mesh_code") == [None, "50306760"]
    assert column(made, "buildings") == [1, 1]


def test_towns_meet_by_name_however_numerals_are_written():
    areas = towns(("一枝一丁目", 5, cell(0, 0)), ("一枝二丁目", 5, cell(1, 0)))
    rows = [HOUSE, HOUSE | {"town": "一枝1丁目 "}, HOUSE | {"town": "一枝三丁目"}]
    made = zones(options(areas={"layer": "t"}, on={"town": "town"}), dataset(rows), areas)
    assert dict(zip(column(made, "town"), column(made, "buildings"), strict=True)) == {
        None: 1, "一枝一丁目": 2, "一枝二丁目": 0,
    }  # fmt: skip
    assert said(made) >= {"zones-outside", "zones-area-alone"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("十一丁目", "１１丁目", True),
        ("二十丁目", "20丁目", True),
        ("01丁目", "一丁目", True),
        ("100丁目", "10丁目", False),
        ("八重洲一丁目", "8重洲1丁目", False),
        ("三番町", "3番町", False),
        ("二十四軒二条二丁目", "二十四軒二条2丁目", True),
        ("九十九一丁目", "90丁目", False),
    ],
)
def test_two_spellings_of_a_town_meet_and_two_towns_do_not(one, other, same):
    assert (town_key(one) == town_key(other)) is same


def test_two_areas_with_one_key_are_refused():
    areas = towns(("一枝1丁目", 5, cell(0, 0)), ("一枝一丁目", 5, cell(1, 0)))
    with pytest.raises(OperationError, match="join-key-repeated"):
        zones(options(areas={"layer": "t"}, on={"town": "town"}), dataset([HOUSE]), areas)


def test_people_of_a_town_are_spread_over_the_floors_of_its_buildings():
    blocks = dataset([{"people": 10}, {"people": 7}], [cell(0, 0, 2, 1), cell(4, 0, 1, 1)])
    houses = dataset(
        [{"floor": 300.0}, {"floor": 100.0}, {"floor": 50.0}],
        [cell(0.2, 0.2, 0.1, 0.1), cell(1.2, 0.2, 0.1, 0.1), cell(8, 8, 0.1, 0.1)],
    )
    made = zones(
        options(
            {"people": {"kind": "sum", "of": "people"}},
            mesh="250m", weights={"records": "h"}, weight="floor",
        ),
        blocks, houses,
    )  # fmt: skip
    assert column(made, "people") == [8, 2, 7]
    (bare,) = [f for f in made.findings if f.code == "zones-weight-none"]
    assert (bare.feature, bare.count) == ("2", 1)


def test_classes_are_columns_and_what_is_in_none_is_named_with_its_count():
    rows = [HOUSE, HOUSE | {"use": "店舗"}, HOUSE | {"use": "謎"}, HOUSE | {"use": None}]
    measures = {"n": {"kind": "count"}, "part": {"kind": "share", "of": "n"}}
    made = zones(
        options(
            measures,
            mesh="1km",
            classes={
                "field": "use",
                "groups": {"home": ["住宅"], "shop": ["店舗"], "farm": ["農家"]},
            },
        ),
        dataset(rows, [cell(0.1, 0.1, 0.1, 0.1)] * 4),
    )
    row = made.frame.iloc[0]
    assert [row[n] for n in ("n", "n_home", "n_shop", "n_farm", "n_other")] == [4, 1, 1, 0, 2]
    assert [row[n] for n in ("part_home", "part_other")] == [0.25, 0.5]
    assert {f.value: f.count for f in made.findings if f.code == "classes-rest"} == {"謎": 1, "": 1}
    assert [f.name for f in made.fields] == [
        c for c in made.frame.columns if c not in ("municipality_code", "geometry")
    ]


def test_years_and_municipalities_stand_side_by_side():
    rows = [HOUSE, HOUSE | {"year": 2017}, HOUSE | {"year": 2017, "use": "店舗"}]
    measures = {"n": {"kind": "count"}, "part": {"kind": "share", "of": "n", "over": ["use"]}}
    made = zones(
        options(measures, per=["municipality_code", "year", "use"]),
        dataset(rows, codes=["401005", "401005", "401005"]),
    )
    found = zip(column(made, "year"), column(made, "use"), column(made, "part"), strict=True)
    assert list(found) == [
        (2017, "住宅", 0.5), (2017, "店舗", 0.5), (2022, "住宅", 1.0),
    ]  # fmt: skip


def test_a_cell_of_two_cities_has_the_code_of_neither():
    made = zones(
        options(mesh="1km"), dataset([HOUSE, HOUSE], [cell(0, 0)] * 2, ["401005", "352012"])
    )
    assert column(made, "municipality_code") == [None]


def test_density_is_by_the_area_of_the_ellipsoid():
    measures = {"n": {"kind": "count"}, "dense": {"kind": "density", "of": "n"}}
    made = zones(options(measures, mesh="1km"), dataset([HOUSE], [cell(0, 0)]))
    assert column(made, "dense")[0] == pytest.approx(1 / 1.069, rel=1e-3)


SHAPES = st.builds(cell, st.floats(0, 6), st.floats(0, 6), st.floats(0.01, 3), st.floats(0.01, 3))
ROWS = st.lists(
    st.tuples(
        SHAPES, st.decimals(0, 10**5, places=2), st.integers(0, 500),
        st.sampled_from(["401005", "352012"]),
    ),
    min_size=1, max_size=12,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@with_examples(
    ROWS,
    st.sampled_from(["1km", "500m", "250m", "125m", None]),
    st.sampled_from(["area", "centroid"]),
)
def test_totals_are_those_of_the_rows_to_the_last_unit(rows, level, allocate):
    given = dataset(
        [{"floor": float(f), "people": p} for _, f, p, _ in rows],
        [s for s, *_ in rows],
        [c for *_, c in rows],
    )
    cities = towns(("甲", 1, cell(0, 0, 3, 9)), ("乙", 1, cell(3, 0, 3, 9)))
    zoned = {"mesh": level} if level else {"areas": {"layer": "cities"}}
    measures = {
        "n": {"kind": "count"},
        "floors": {"kind": "sum", "of": "floor"},
        "heads": {"kind": "sum", "of": "people"},
    }
    made = zones(options(measures, allocate=allocate, **zoned), given, *([] if level else [cities]))
    assert sum(column(made, "n")) == len(rows)
    assert sum(column(made, "heads")) == sum(p for _, _, p, _ in rows)
    assert sum(round(f * 100) for f in column(made, "floors")) == sum(
        int(f * 100) for _, f, _, _ in rows
    )


@settings(max_examples=10, deadline=None)
@with_examples(ROWS)
def test_finer_cells_add_up_to_coarser_ones(rows):
    given = dataset(
        [{"floor": float(f), "people": p} for _, f, p, _ in rows],
        [shapely.centroid(s) for s, *_ in rows],
    )
    sums = []
    for level, digits in (("125m", 8), ("250m", 8), ("1km", 8)):
        made = zones(options(mesh=level), given)
        keys = [code[:digits] for code in column(made, "mesh_code")]
        sums.append(pd.Series(column(made, "buildings")).groupby(keys).sum().to_dict())
    assert sums[0] == sums[1] == sums[2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"mesh": "1km", "areas": {"layer": "a"}},
        {"on": {"a": "b"}},
        {"mesh": "1km", "weight": "floor"},
        {"measures": {"n": {"kind": "count", "of": "floor"}}},
        {"measures": {"n": {"kind": "sum"}}},
        {"measures": {"d": {"kind": "density", "of": "n"}}},
        {"measures": {"n": {"kind": "count"}, "s": {"kind": "share", "of": "n"}}},
        {"mesh": "1km", "classes": {"field": "use", "groups": {"a": ["x"], "b": ["x"]}}},
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValidationError):
        options(**wrong)


def test_numbers_beyond_what_is_exact_are_refused():
    with pytest.raises(OperationError, match="zones-sum-too-large"):
        zones(options(mesh="1km"), dataset([HOUSE | {"floor": 1e30}], [cell(0, 0)]))


def test_memory_of_pieces_does_not_change_the_result(monkeypatch):
    chance = np.random.default_rng(4)
    shapes = [cell(*xy, 0.4, 0.4) for xy in chance.uniform(0, 20, (200, 2))]
    given = dataset([HOUSE] * 200, shapes)
    whole = zones(options(mesh="250m", allocate="area"), given)
    monkeypatch.setattr("pipeline.derive.pieces.CHUNK", 7)
    pd.testing.assert_frame_equal(
        zones(options(mesh="250m", allocate="area"), given).frame, whole.frame
    )
