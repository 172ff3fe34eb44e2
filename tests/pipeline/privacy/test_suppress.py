"""Complementary suppression: as little as possible, and nothing sensitive can be computed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pipeline.privacy.risk import too_few
from pipeline.privacy.suppress import UnprotectableError, suppress
from pipeline.privacy.system import Dimension, System
from tests.pipeline.privacy.tables import ONE_SMALL, TWO_SMALL, WITH_ZERO, hides, needs, table


@pytest.mark.parametrize("level", [{"up": 3, "down": 3}, {"up": 8, "down": 8}, {"width": 10}])
def test_the_cheapest_three_cells_protect_a_fourth(level):
    system = table(ONE_SMALL)
    found = suppress(system, needs(hides(system, 8), **level), system.values, gap=0)
    assert (found.cost, found.bound, found.gap) == (51, 51, 0)
    assert sorted(system.values[found.hidden]) == [8, 12, 17, 22]


def test_counting_cells_three_more_are_enough():
    system = table(ONE_SMALL)
    found = suppress(system, needs(hides(system, 8), up=1, down=1), np.ones(16), gap=0)
    assert found.cost == 3


@pytest.mark.parametrize("level", [1, 2])
def test_an_empty_cell_is_no_help(level):
    system = table(WITH_ZERO)
    found = suppress(system, needs(hides(system, 2), up=level, down=level), system.values, gap=0)
    assert sorted(system.values[found.hidden]) == [2, 11, 18, 28]


@pytest.mark.parametrize(("up", "cost"), [(1, 40), (5, 115)])
def test_more_room_upwards_costs_more(up, cost):
    system = table(TWO_SMALL)
    found = suppress(system, needs(hides(system, 1, 2), up=up, down=1), system.values, gap=0)
    assert found.cost == cost


def test_two_of_one_contributor_each_need_a_third_beside_them():
    system = table(TWO_SMALL)
    single = hides(system, 1, 2)
    found = suppress(system, needs(single, up=1, down=1), system.values, gap=0, single=single)
    first_row = found.hidden[:4]
    assert first_row.sum() >= 3


def test_what_cannot_be_protected_is_named():
    system = table(ONE_SMALL)
    primary = hides(system, 8)
    with pytest.raises(UnprotectableError) as caught:
        suppress(system, needs(primary, width=5), system.values, fixed=~primary)
    assert caught.value.cells.tolist() == [4]


def test_nothing_sensitive_hides_nothing():
    system = table(ONE_SMALL)
    assert not suppress(system, needs(hides(system, 999), width=5), system.values).hidden.any()


def _width(system: System, hidden: np.ndarray, cell: int) -> float:
    """Solve the attack with another solver, without anything of ours."""
    columns = np.flatnonzero(hidden)
    part = system.matrix[:, columns].toarray()
    right = part @ system.values[columns]
    cost = (columns == cell).astype(float)
    ends = [
        linprog(sign * cost, A_eq=part, b_eq=right, bounds=(0, None), method="highs-ipm")
        for sign in (1, -1)
    ]
    return np.inf if ends[1].status == 3 else -ends[1].fun - ends[0].fun


NESTED = Dimension.of_pairs([("q1", "h1"), ("q2", "h1"), ("q3", "h2"), ("q4", "h2"),
                             ("h1", "city"), ("h2", "city")])  # fmt: skip
USES = Dimension.flat("xyz")


@st.composite
def nested_tables(draw: st.DrawFn) -> System:
    values = np.zeros((len(NESTED.codes), len(USES.codes)))
    leaves = draw(st.lists(st.integers(0, 30), min_size=12, max_size=12))
    values[np.ix_(NESTED.leaves, USES.leaves)] = np.reshape(leaves, (4, 3))
    return System.of_table(USES.summed(NESTED.summed(values, 0), 1), [NESTED, USES])


@settings(max_examples=25, deadline=None)
@given(nested_tables())
def test_no_cell_of_few_is_known_within_k(system):
    need = too_few(system.values, 5)
    try:
        found = suppress(system, need, np.maximum(system.values, 1.0), gap=0)
    except UnprotectableError:
        return
    assert not (need.sensitive & ~found.hidden).any()
    for cell in np.flatnonzero(need.sensitive):
        assert _width(system, found.hidden, int(cell)) >= 5 - 1e-5


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(1, 12), min_size=4, max_size=4))
def test_no_choice_is_cheaper_than_the_one_proven(leaves):
    two = Dimension.flat("ab")
    values = np.zeros((3, 3))
    values[:2, :2] = np.reshape(leaves, (2, 2))
    system = System.of_table(two.summed(two.summed(values, 0), 1), [two, two])
    need = too_few(system.values, 4)
    found = suppress(system, need, system.values, gap=0)
    free = np.flatnonzero(~need.sensitive)
    for size in range(len(free) + 1):
        for more in itertools.combinations(free, size):
            hidden = need.sensitive.copy()
            hidden[list(more)] = True
            if system.values[list(more)].sum() < found.cost - 1e-6:
                widths = [_width(system, hidden, int(c)) for c in np.flatnonzero(need.sensitive)]
                assert min(widths, default=np.inf) < 4 - 1e-6


def test_the_same_table_gives_the_same_cells():
    rng = np.random.default_rng(3)
    values = np.zeros((len(NESTED.codes), len(USES.codes)))
    values[np.ix_(NESTED.leaves, USES.leaves)] = rng.integers(0, 20, (4, 3))
    system = System.of_table(USES.summed(NESTED.summed(values, 0), 1), [NESTED, USES])
    runs = [suppress(system, too_few(system.values, 5), system.values + 1) for _ in range(2)]
    assert (runs[0].hidden == runs[1].hidden).all()
