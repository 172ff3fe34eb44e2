"""Feature ids: the same from release to release, whatever else changes."""

import geopandas as gpd
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from pipeline.standardise.columns import ROW, SOURCE
from pipeline.standardise.ids import feature_ids


def table(names, kinds=None, code="401005", shift=0.0):
    count = len(names)
    columns = {
        "municipality_code": [code] * count,
        "name": names,
        "kind": kinds or ["x"] * count,
        ROW: np.arange(2, count + 2),
        SOURCE: ["a.csv"] * count,
    }
    shapes = [Point(130 + i / 100 + shift, 33) for i in range(count)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:6668")


NAMES = st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=8, unique=True)


@given(NAMES, st.randoms())
def test_reordering_records_changes_no_id(names, random):
    frame = table(names)
    order = list(range(len(names)))
    random.shuffle(order)
    for key in (("name",), ()):
        ids, _ = feature_ids(frame, key, ("name", "kind"), "parks")
        moved, _ = feature_ids(frame.iloc[order], key, ("name", "kind"), "parks")
        assert moved.tolist() == ids[order].tolist()


@given(NAMES)
def test_ids_are_positive_unique_and_fit_a_javascript_number(names):
    for key in (("name",), ()):
        ids, repeated = feature_ids(table(names), key, ("name",), "parks")
        assert len(set(ids.tolist())) == len(names)
        assert (ids > 0).all()
        assert (ids < 2**53).all()
        assert repeated == []


def test_with_a_key_neither_place_nor_other_fields_matter():
    before, _ = feature_ids(table(["a", "b"]), ("name",), ("name", "kind"), "parks")
    after, _ = feature_ids(
        table(["a", "b"], kinds=["y", "z"], shift=0.00003), ("name",), ("name", "kind"), "parks"
    )
    assert before.tolist() == after.tolist()


def test_without_a_key_the_published_content_matters_and_nothing_withheld():
    """A withheld telephone number must not be testable against a published id."""
    one, _ = feature_ids(table(["a"], kinds=["x"]), (), ("name",), "parks")
    same, _ = feature_ids(table(["a"], kinds=["secret"]), (), ("name",), "parks")
    other, _ = feature_ids(table(["b"], kinds=["x"]), (), ("name",), "parks")
    moved, _ = feature_ids(table(["a"], shift=0.001), (), ("name",), "parks")
    assert one == same
    assert len({int(one[0]), int(other[0]), int(moved[0])}) == 3


def test_a_shift_below_a_centimetre_changes_no_content():
    one, _ = feature_ids(table(["a"]), (), ("name",), "parks")
    same, _ = feature_ids(table(["a"], shift=1e-9), (), ("name",), "parks")
    assert one == same


def test_the_same_key_in_two_municipalities_is_two_features():
    ours, _ = feature_ids(table(["1"]), ("name",), ("name",), "parks")
    theirs, _ = feature_ids(table(["1"], code="352012"), ("name",), ("name",), "parks")
    assert ours != theirs


@pytest.mark.parametrize(("key", "code"), [(("name",), "key-repeated"), ((), "record-repeated")])
def test_repetitions_are_told_apart_and_reported(key, code):
    frame = table(["a", "b", "a", "a"]).set_geometry([Point(130, 33)] * 4, crs="EPSG:6668")
    ids, (finding,) = feature_ids(frame, key, ("name",), "parks")
    assert len(set(ids.tolist())) == 4
    assert (finding.code, finding.row, finding.count) == (code, 4, 2)


def test_joined_cells_cannot_imitate_others():
    one, _ = feature_ids(table(["ab"], kinds=["c"]), ("name", "kind"), (), "parks")
    other, _ = feature_ids(table(["a"], kinds=["bc"]), ("name", "kind"), (), "parks")
    assert one != other


def test_an_id_is_the_same_on_every_machine_and_in_every_year():
    """A golden value: changing how ids are made breaks every link to a feature."""
    ids, _ = feature_ids(table(["一枝公園"]), ("name",), ("name",), "parks")
    assert ids.tolist() == [3798484326148587]
