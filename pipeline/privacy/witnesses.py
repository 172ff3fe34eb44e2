"""Proofs that a hidden cell may have other values: solutions of everything published."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np

from pipeline.privacy.solver import TOLERANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.privacy.risk import Bools, Floats, Need

    Indices = NDArray[np.int64]

_NOBODY = -1


class Witnesses:
    """What is proven of each sensitive cell, and by which solution.

    A solution proves nothing more once a cell it moves is published again, so every solution
    that counts is kept with the cells it moves.

    Parameters
    ----------
    need
        How uncertain each cell must stay.
    """

    def __init__(self, need: Need) -> None:
        self.need = need
        self._sensitive = need.sensitive
        n = len(need.up)
        self.up, self.down = np.zeros(n), np.zeros(n)
        self._by_up, self._by_down = np.full(n, _NOBODY), np.full(n, _NOBODY)
        self._moved: dict[int, Indices] = {}
        self._next = 0

    def add(self, columns: Indices, differences: Floats) -> None:
        """Learn from one solution: cells, and how far each is from its true value."""
        better_up = self._sensitive[columns] & (differences > self.up[columns] + TOLERANCE)
        better_down = self._sensitive[columns] & (-differences > self.down[columns] + TOLERANCE)
        higher, lower = columns[better_up], columns[better_down]
        if not len(higher) and not len(lower):
            return
        self.up[higher], self._by_up[higher] = differences[better_up], self._next
        self.down[lower], self._by_down[lower] = -differences[better_down], self._next
        self._moved[self._next] = columns[np.abs(differences) > TOLERANCE / 10]
        self._next += 1

    def forget(self, published: Bools) -> None:
        """Drop what was proven by moving cells that are now published, and proofs nobody needs."""
        used = set(np.union1d(self._by_up, self._by_down).tolist())
        self._moved = {
            name: moved
            for name, moved in self._moved.items()
            if name in used and not published[moved].any()
        }
        alive = np.zeros(self._next + 1, bool)
        alive[list(self._moved)] = True
        gone_up, gone_down = ~alive[self._by_up], ~alive[self._by_down]
        self.up[gone_up], self._by_up[gone_up] = 0.0, _NOBODY
        self.down[gone_down], self._by_down[gone_down] = 0.0, _NOBODY

    def copy(self) -> Witnesses:
        """Return the same proofs, to learn on from."""
        twin = copy.copy(self)
        for name in ("up", "down", "_by_up", "_by_down", "_moved"):
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def open(self) -> Indices:
        """Return the sensitive cells not yet proven safe."""
        return np.flatnonzero(self.open_among(slice(None)))

    def open_among(self, cells: Indices | slice) -> Bools:
        """Tell which of these cells are sensitive and not yet proven safe."""
        need, up, down = self.need, self.up[cells], self.down[cells]
        safe = (
            (up >= need.up[cells] - TOLERANCE)
            & (down >= need.down[cells] - TOLERANCE)
            & (up + down >= need.width[cells] - TOLERANCE)
        )
        return np.asarray(~safe)
