"""Rounding that still adds up."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.disclosure import Disclosure
from pipeline.privacy.layout import Layout
from pipeline.privacy.protect import protect_counts
from pipeline.privacy.rounding import round_controlled
from pipeline.privacy.system import Dimension, System
from tests.pipeline.privacy.tables import OF_ONES, ONE_SMALL, table


@pytest.mark.parametrize(
    ("values", "base", "change"),
    [(ONE_SMALL, 5, 16), (ONE_SMALL, 3, 16), (OF_ONES, 5, 24), (OF_ONES, 3, 16)],
)
def test_as_little_as_possible_is_changed(values, base, change):
    found = round_controlled(table(values), base)
    assert found.change == found.bound == change
    assert (found.values % base == 0).all()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=12, max_size=12), st.integers(2, 10))
def test_totals_are_kept_and_multiples_stay(leaves, base):
    rows, columns = Dimension.flat("abc"), Dimension.flat("wxyz")
    values = np.zeros((4, 5))
    values[:3, :4] = np.reshape(leaves, (3, 4))
    system = System.of_table(columns.summed(rows.summed(values, 0), 1), [rows, columns])
    found = round_controlled(system, base)
    assert abs(system.matrix @ found.values).max() == 0
    assert (found.values % base == 0).all()
    if not found.beyond:
        assert (abs(found.values - system.values) < base).all()


def test_a_zone_of_which_nobody_says_anything_is_not_one_without_records():
    frame = pd.DataFrame(
        {"municipality_code": list("abc"), "people": pd.array([12, None, 18], dtype="Int64")}
    )
    rules = Disclosure(min_count=10, remedy="round", base=5)
    made = protect_counts(frame, Layout("people"), ("municipality_code",), rules, "layers.x")
    rounded = made.frame["people"].tolist()
    assert rounded[1] is pd.NA
    assert {rounded[0], rounded[2]} <= {10, 15, 20}
