"""Small areas put together with neighbours: as many rows as possible, as little moved."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.privacy.merge import merge

RING = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5], [0, 3]])


def _grid(rows: int, columns: int) -> np.ndarray:
    at = np.arange(rows * columns).reshape(rows, columns)
    across = np.stack([at[:, :-1].ravel(), at[:, 1:].ravel()], 1)
    return np.concatenate([across, np.stack([at[:-1].ravel(), at[1:].ravel()], 1)])


def test_the_first_by_code_of_the_best_choices_is_taken():
    found = merge(np.array([3, 12, 25, 8, 4, 30.0]), 10, RING)
    assert found.host.tolist() == [1, 1, 2, 3, 3, 5]
    assert found.exact
    assert found.members(1).tolist() == [0]


def test_areas_of_two_parents_are_never_put_together():
    found = merge(np.array([3, 12, 20, 2.0]), 10, RING[:3], ["a", "a", "b", "b"])
    assert found.host.tolist() == [1, 1, 2, 2]


def test_areas_that_stay_too_small_together_are_named():
    found = merge(np.array([3, 4, 20.0]), 10, np.array([[0, 1]]))
    assert found.stranded.tolist() == [0, 1]


def test_an_empty_area_stands_for_itself_unless_it_is_a_bridge():
    assert merge(np.array([0, 12, 5, 6.0]), 10, RING[:3]).host.tolist() == [0, 1, 3, 3]
    bridge = merge(np.array([5, 0, 6.0]), 10, np.array([[0, 1], [1, 2]]))
    assert bridge.host.tolist() == [2, 2, 2]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=30, max_size=30), st.integers(2, 15))
def test_every_row_is_large_enough_and_all_is_kept(counts, least):
    values = np.array(counts, float)
    found = merge(values, least, _grid(5, 6))
    sums = np.bincount(found.host, values, 30)
    assert sums.sum() == values.sum()
    if values.sum() >= least:
        assert not len(found.stranded)
        assert not ((sums > 0) & (sums < least)).any()
    assert (found.host[np.unique(found.host)] == np.unique(found.host)).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=7, max_size=7))
def test_no_way_to_cut_a_row_of_areas_is_better(counts):
    values = np.array(counts, float)
    found = merge(values, 6, np.array([[i, i + 1] for i in range(6)]))
    if values.sum() < 6:
        return
    best = max(_ways(values, 6))
    groups = [np.flatnonzero(found.host == host) for host in np.unique(found.host)]
    moved = sum(values[g].sum() - values[g].max() for g in groups)
    assert (len(groups), -moved) == best


def _ways(values: np.ndarray, least: float) -> list[tuple[int, float]]:
    out = []
    for cuts in range(1 << (len(values) - 1)):
        at = [i + 1 for i in range(len(values) - 1) if cuts >> i & 1]
        parts = np.split(values, at)
        if all(p.sum() >= least or (len(p) == 1 and p.sum() == 0) for p in parts):
            out.append((len(parts), -float(sum(p.sum() - p.max() for p in parts))))
    return out
