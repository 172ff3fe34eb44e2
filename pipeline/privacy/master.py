"""The choice of cells to hide, under all inequalities the attacker has taught so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from pipeline.privacy.solver import TOLERANCE, programme, solution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.privacy.risk import Bools, Floats

    Indices = NDArray[np.int64]

_BATCH = 150
"""Columns of small independent choices that are solved together, to the optimum."""


@dataclass(frozen=True)
class _Choice:
    """The answer to one set of inequalities that shares no cell with others."""

    cells: Indices
    bound: float


class Master:
    """Inequalities ``coefficients @ hidden >= 1`` and the cheapest choice that fulfils them.

    Inequalities that share no cell are independent: each connected set of them is solved by
    itself, and again only when it has grown.

    Parameters
    ----------
    weights
        Loss by hiding each cell, shape (n,).
    free
        Which cells may be hidden or not, shape (n,).
    """

    def __init__(self, weights: Floats, free: Bools) -> None:
        self.weights, self.free = weights, free
        self.bound = 0.0
        self._rows: list[tuple[Indices, Floats]] = []
        self._seen: set[bytes] = set()
        self._solved: dict[tuple[int, ...], _Choice] = {}

    @property
    def count(self) -> int:
        """How many inequalities there are."""
        return len(self._rows)

    def add(self, cells: Indices, coefficients: Floats, least: float) -> bool:
        """Learn one inequality; false if no cell that may be hidden could fulfil it."""
        use = (coefficients > TOLERANCE) & self.free[cells]
        cells, row = cells[use], np.minimum(np.round(coefficients[use] / least, 9), 1.0)
        if row.sum() < 1 - TOLERANCE:
            return False
        mark = cells.tobytes() + row.tobytes()
        if mark not in self._seen:
            self._seen.add(mark)
            self._rows.append((cells, row))
        return True

    def solve(self, gap: float, nodes: int) -> Bools:
        """Return which cells to hide, shape (n,), and raise :attr:`bound`.

        Parameters
        ----------
        gap
            Relative distance from the optimum at which large sets are left.
        nodes
            Of the search tree of one set: a bound on work that is the same on any machine.
        """
        chosen = np.zeros(len(self.free), bool)
        if not self._rows:
            return chosen
        sets = self._sets()
        new = [rows for rows in sets if rows not in self._solved]
        known = {rows: self._solved[rows] for rows in sets if rows in self._solved}
        self._solved = known | self._answers(new, gap, nodes)
        for choice in self._solved.values():
            chosen[choice.cells] = True
        self.bound = max(self.bound, sum(choice.bound for choice in self._solved.values()))
        return chosen

    def _sets(self) -> list[tuple[int, ...]]:
        """Return the numbers of the inequalities of each connected set."""
        matrix, _ = self._matrix(range(len(self._rows)))
        m = matrix.shape[0]
        graph = sparse.block_array([[None, matrix], [matrix.T, None]])
        labels = connected_components(graph, directed=False)[1][:m]
        order = np.argsort(labels, kind="stable")
        cuts = np.flatnonzero(np.diff(labels[order])) + 1
        return [tuple(part.tolist()) for part in np.split(order, cuts)]

    def _answers(
        self, sets: list[tuple[int, ...]], gap: float, nodes: int
    ) -> dict[tuple[int, ...], _Choice]:
        out: dict[tuple[int, ...], _Choice] = {}
        batch: list[tuple[int, ...]] = []
        size = 0
        for rows in sets:
            width = sum(len(self._rows[row][0]) for row in rows)
            if width > _BATCH:
                out[rows] = self._answer(rows, gap, nodes)[0]
                continue
            batch.append(rows)
            size += width
            if size > _BATCH:
                out |= self._together(batch, nodes)
                batch, size = [], 0
        return out | self._together(batch, nodes)

    def _together(self, sets: list[tuple[int, ...]], nodes: int) -> dict[tuple[int, ...], _Choice]:
        """Solve several sets as one programme; one by one if that is not to the optimum."""
        if not sets:
            return {}
        choice, exact = self._answer(tuple(row for rows in sets for row in rows), 0.0, nodes)
        if not exact:
            return {rows: self._answer(rows, 0.0, nodes)[0] for rows in sets}
        out = {}
        for rows in sets:
            cells = np.intersect1d(
                choice.cells, np.concatenate([self._rows[row][0] for row in rows])
            )
            out[rows] = _Choice(cells, float(self.weights[cells].sum()))
        return out

    def _answer(self, rows: tuple[int, ...], gap: float, nodes: int) -> tuple[_Choice, bool]:
        matrix, columns = self._matrix(rows)
        weights, most = self.weights[columns], np.full(len(rows), np.inf)
        solver = programme(
            weights,
            (np.zeros(len(columns)), np.ones(len(columns))),
            matrix,
            (np.ones(len(rows)), most),
            whole=True,
            mip_rel_gap=gap,
            mip_max_nodes=nodes,
        )
        found = solution(solver)
        assert found is not None  # every inequality can be fulfilled by hiding all its cells
        cells = columns[found > 0.5]
        cost, bound = float(self.weights[cells].sum()), float(solver.getInfo().mip_dual_bound)
        return _Choice(cells, min(bound, cost)), bound >= cost - 1e-6 * max(1.0, cost)

    def _matrix(self, rows: tuple[int, ...] | range) -> tuple[sparse.csr_array, Indices]:
        """Return inequalities over the cells they speak of, and those cells."""
        parts = [self._rows[row] for row in rows]
        columns, places = np.unique(np.concatenate([p[0] for p in parts]), return_inverse=True)
        indptr = np.concatenate([[0], np.cumsum([len(p[0]) for p in parts])])
        data = np.concatenate([p[1] for p in parts])
        return sparse.csr_array((data, places, indptr), shape=(len(parts), len(columns))), columns
