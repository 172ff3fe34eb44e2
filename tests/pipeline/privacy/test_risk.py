"""Which cells are sensitive by themselves."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.privacy.risk import dominated, estimable, too_few


def test_few_are_hidden_and_none_are_not():
    need = too_few(np.array([0, 1, 9, 10.0]), 10)
    assert need.sensitive.tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("parts", "percent", "level"),
    [
        ((300, 20, 10), 10, 20),
        ((110, 20, 17), 10, 0),
        ((50, 25, 15, 10), 10, 0),
        ((900, 40, 30, 30), 10, 30),
        ((900, 40, 30, 30), 5, 0),
    ],
)
def test_the_second_largest_may_not_know_the_largest(parts, percent, level):
    total = np.array([float(sum(parts))])
    need = estimable(total, np.array([parts[:2]], float), percent)
    assert need.up[0] == pytest.approx(level)


@pytest.mark.parametrize(
    ("parts", "n", "share", "level"),
    [((300, 20, 10), 1, 85, 22.94), ((110, 20, 17), 2, 80, 15.5), ((50, 25, 15, 10), 2, 80, 0)],
)
def test_the_largest_may_not_be_most_of_a_cell(parts, n, share, level):
    total = np.array([float(sum(parts))])
    need = dominated(total, np.array([parts[:n]], float), share)
    assert need.up[0] == pytest.approx(level, abs=0.005)
