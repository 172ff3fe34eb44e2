"""Whole numbers divided by shares: nothing is lost, nothing appears."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.derive.apportion import apportion, group_sums, in_units

WHOLE = st.integers(-(2**50), 2**50)


@st.composite
def divided(draw):
    records = draw(
        st.lists(
            st.tuples(WHOLE, st.lists(st.integers(1, 10**6), min_size=1, max_size=9)),
            min_size=1,
            max_size=8,
        )
    )
    totals = np.array([total for total, _ in records], np.int64)
    record = np.repeat(np.arange(len(records)), [len(parts) for _, parts in records])
    share = np.concatenate([np.array(parts) / sum(parts) for _, parts in records])
    return totals, record, share


@given(divided())
def test_parts_add_up_to_the_last_unit(case):
    totals, record, share = case
    parts = apportion(totals, record, share)
    assert (np.bincount(record, minlength=len(totals)) > 0).all()
    assert [sum(parts[record == r].tolist()) for r in range(len(totals))] == totals.tolist()


@given(divided())
def test_no_part_is_a_unit_away_from_its_exact_share(case):
    totals, record, share = case
    totals %= 10**6
    exact = totals[record] * share
    assert (np.abs(apportion(totals, record, share) - exact) < 1 + 1e-6).all()


def test_of_equal_remainders_the_first_gets_the_unit():
    parts = apportion(np.array([1, 5]), np.array([0, 0, 1, 1]), np.array([0.5, 0.5, 0.5, 0.5]))
    assert parts.tolist() == [1, 0, 3, 2]


@given(st.lists(st.decimals(-(10**6), 10**6, places=6), min_size=1))
def test_decimal_numbers_are_whole_in_the_unit_that_holds_them(numbers):
    units = in_units(np.array([float(n) for n in numbers]))
    assert [Fraction(w, 10**units.decimals) for w in units.whole.tolist()] == [
        Fraction(n) for n in numbers
    ]
    assert not len(units.rounded)


def test_numbers_with_more_decimals_are_named():
    units = in_units(np.array([0.5, 1 / 3, np.nan]))
    assert (units.whole.tolist(), units.decimals, units.rounded.tolist()) == (
        [500000, 333333, 0],
        6,
        [1],
    )


def test_sums_that_would_not_fit_are_refused():
    with pytest.raises(OverflowError):
        in_units(np.array([1e300]))


def test_sums_by_group_are_exact_beyond_floats():
    big = 2**60 + 1
    assert group_sums(np.array([big, 1, big]), np.array([2, 0, 2]), 4).tolist() == [
        1,
        0,
        2 * big,
        0,
    ]
