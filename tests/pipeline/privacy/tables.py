"""Worked tables of which the right answers are known, and small random ones."""

from __future__ import annotations

import numpy as np

from pipeline.privacy.risk import Need
from pipeline.privacy.system import Dimension, System

THREE = (Dimension.flat("abc"), Dimension.flat("xyz"))
ONE_SMALL = np.array([[20, 50, 10, 80], [8, 19, 22, 49], [17, 32, 12, 61], [45, 101, 44, 190.0]])
WITH_ZERO = np.array([[0, 50, 30, 80], [2, 19, 28, 49], [18, 32, 11, 61], [20, 101, 69, 190.0]])
TWO_SMALL = np.array([[1, 2, 40, 43], [15, 25, 35, 75], [22, 31, 44, 97], [38, 58, 119, 215.0]])
OF_ONES = np.array([[1, 2, 4, 7], [3, 1, 1, 5], [2, 2, 3, 7], [6, 5, 8, 19.0]])


def table(values: np.ndarray) -> System:
    """Return a three by three table with margins as a system."""
    return System.of_table(values, THREE)


def hides(system: System, *values: float) -> np.ndarray:
    """Return which cells have one of these values."""
    return np.isin(system.values, values)


def needs(where: np.ndarray, up: float = 0, down: float = 0, width: float = 0) -> Need:
    """Return the same need for some cells."""
    none = np.zeros(len(where))
    return Need(*(np.where(where, level, none) for level in (up, down, width)))
