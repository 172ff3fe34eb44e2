"""What an outsider can compute: right answers known from worked tables."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pipeline.privacy.attack import Attack, Hidden
from pipeline.privacy.system import Dimension, System, TableError
from tests.pipeline.privacy.tables import ONE_SMALL, TWO_SMALL, WITH_ZERO, hides, table


def intervals(values: np.ndarray, *hidden: float) -> dict[float, tuple[float, float]]:
    system = table(values)
    attack = Attack(Hidden(system, hides(system, *hidden)))
    return {
        float(system.values[cell]): tuple(np.round(attack.interval(int(cell)), 6))
        for cell in attack.columns
    }


def test_a_single_hidden_cell_is_computed():
    assert intervals(ONE_SMALL, 8) == {8: (8, 8)}


def test_two_in_one_row_are_computed_by_their_columns():
    assert intervals(ONE_SMALL, 8, 22) == {8: (8, 8), 22: (22, 22)}


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        ((8, 22, 20, 10), {8: (0, 28), 22: (2, 30), 20: (0, 28), 10: (2, 30)}),
        ((8, 22, 17, 12), {8: (0, 25), 22: (5, 30), 17: (0, 25), 12: (4, 29)}),
    ],
)
def test_four_in_a_rectangle_protect_one_another(hidden, expected):
    assert intervals(ONE_SMALL, *hidden) == expected


def test_all_inner_cells_hidden_leave_the_column():
    inner = (20, 50, 10, 8, 19, 22, 17, 32, 12)
    assert intervals(ONE_SMALL, *inner)[8] == (0, 45)


def test_a_zero_gives_no_room_upwards():
    found = intervals(WITH_ZERO, 2, 28, 0, 30)
    assert found[2] == (0, 2)


def test_cells_of_the_same_columns_are_computed_by_them():
    assert intervals(TWO_SMALL, 1, 2) == {1: (1, 1), 2: (2, 2)}
    assert intervals(TWO_SMALL, 1, 2, 15, 25) == {
        1: (0, 3), 2: (0, 3), 15: (13, 16), 25: (24, 27)
    }  # fmt: skip


def test_quarters_of_a_cell_are_computed_from_it():
    nested = Dimension.of_pairs([(q, "500 m") for q in ("a", "b", "c", "d")])
    system = System.of_table(np.array([1, 14, 23, 12, 50.0]), [nested])
    only = Attack(Hidden(system, system.values == 1))
    assert only.interval(0) == pytest.approx((1, 1))
    both = Attack(Hidden(system, np.isin(system.values, (1, 12))))
    assert both.interval(0) == pytest.approx((0, 13))
    assert both.interval(3) == pytest.approx((0, 13))


def test_a_sliver_between_two_areas_is_computed():
    sliver = Dimension.of_pairs([("district", "mesh"), ("sliver", "mesh")])
    system = System.of_table(np.array([40, 2, 42.0]), [sliver])
    assert Attack(Hidden(system, system.values == 2)).interval(1) == pytest.approx((2, 2))


def test_what_nothing_bounds_has_no_bound():
    free = System.of_equations(np.array([3.0, 4, 7]), np.array([[1, 1, -1]]))
    low, high = Attack(Hidden(free, np.ones(3, bool))).interval(2)
    assert low == 0
    assert high == np.inf


def test_a_table_that_does_not_add_up_is_refused():
    with pytest.raises(TableError, match="does not add up"):
        System.of_table(np.array([1, 2, 4.0]), [Dimension.flat("ab")])


def test_a_solver_prints_nothing_where_a_document_may_go():
    code = "from pipeline.privacy.solver import quiet_solver; quiet_solver().run()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"", b"")
