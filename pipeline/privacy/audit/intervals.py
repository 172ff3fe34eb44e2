"""How far hidden cells can be told: intervals by linear programmes over all that is published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from pipeline.privacy.solver import TOLERANCE, SolverError, programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.privacy.audit.knowledge import Knowledge
    from pipeline.privacy.risk import Floats

    Indices = NDArray[np.int64]

_SWEEPS = 40
_LARGEST = 1e7
"""Stands for no bound: more records than any municipality has."""


class ContradictionError(SolverError):
    """What is published contradicts itself: no numbers fulfil all of it."""


def narrow(knowledge: Knowledge) -> dict[int, tuple[float, float]]:
    """Return the intervals of hidden cells that are narrower than they have to be.

    Raises
    ------
    ContradictionError
        If nothing fulfils all equations.
    """
    targets = np.array(sorted(knowledge.targets), np.int64)
    if not len(targets):
        return {}
    matrix, right = _matrix(knowledge)
    low, high = np.zeros(matrix.shape[1]), np.full(matrix.shape[1], _LARGEST)
    for number, (least, most) in knowledge.bounds.items():
        low[number], high[number] = least, most
    found: dict[int, tuple[float, float]] = {}
    known = low == high
    right = right - matrix @ np.where(known, low, 0.0)
    labels = _components(matrix[:, ~known])
    place = np.full(len(low), -1)
    place[~known] = labels
    for number in targets[known[targets]].tolist():
        found[number] = (float(low[number]), float(high[number]))
    open_ = targets[~known[targets]]
    for label in np.unique(place[open_]):
        cells = np.flatnonzero(place == label)
        part = _Part(matrix, right, low, high, cells)
        found |= part.narrow(open_[place[open_] == label], knowledge)
    return found


def _matrix(knowledge: Knowledge) -> tuple[sparse.csr_array, Floats]:
    rows, columns, data = [], [], []
    for at, (parts, _) in enumerate(knowledge.equations):
        rows += [at] * len(parts)
        columns += [number for number, _ in parts]
        data += [coefficient for _, coefficient in parts]
    shape = (len(knowledge.equations), len(knowledge.number))
    matrix = sparse.coo_array((np.array(data, float), (rows, columns)), shape=shape).tocsr()
    return matrix, np.array([right for _, right in knowledge.equations], float)


def _components(matrix: sparse.csr_array) -> Indices:
    graph = sparse.block_array([[None, matrix.T], [matrix, None]])
    labels = connected_components(graph, directed=False)[1]
    return np.asarray(labels[: matrix.shape[1]], np.int64)


class _Part:
    """Cells that hang together, as one programme."""

    def __init__(
        self, matrix: sparse.csr_array, right: Floats, low: Floats, high: Floats, cells: Indices
    ) -> None:
        part = matrix[:, cells].tocsr()
        rows = np.flatnonzero(np.diff(part.indptr))
        self.cells = cells
        self._programme = programme(
            np.zeros(len(cells)),
            (low[cells], high[cells]),
            part[rows],
            (right[rows], right[rows]),
            presolve="off",
        )
        self._least, self._most = np.full(len(cells), np.inf), np.full(len(cells), -np.inf)

    def narrow(self, targets: Indices, knowledge: Knowledge) -> dict[int, tuple[float, float]]:
        places = np.searchsorted(self.cells, targets)
        widths = np.array([knowledge.targets[n].width for n in targets.tolist()])
        random = np.random.default_rng(0)
        for _ in range(_SWEEPS):
            left = places[(self._most - self._least)[places] < widths - TOLERANCE]
            if len(left) < 3:
                break
            cost = np.zeros(len(self.cells))
            cost[left] = random.choice([-1.0, 1.0], len(left))
            self._solve(cost)
            self._solve(-cost)
        out = {}
        for place, number, width in zip(places, targets.tolist(), widths, strict=True):
            if self._most[place] - self._least[place] >= width - TOLERANCE:
                continue
            cost = np.zeros(len(self.cells))
            cost[place] = 1.0
            self._solve(cost)
            self._solve(-cost)
            interval = float(self._least[place]), float(self._most[place])
            if interval[1] - interval[0] < width - 1e-4:
                out[number] = interval
        return out

    def _solve(self, cost: Floats) -> None:
        solver = self._programme
        solver.changeColsCost(len(cost), np.arange(len(cost), dtype=np.int32), cost)
        solver.run()
        status = solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            raise ContradictionError("what is published contradicts itself")
        if status not in (
            highspy.HighsModelStatus.kOptimal,
            highspy.HighsModelStatus.kModelEmpty,
        ):
            raise SolverError(f"HiGHS stopped with {solver.modelStatusToString(status)}")
        found = np.asarray(solver.getSolution().col_value)
        self._least = np.minimum(self._least, found)
        self._most = np.maximum(self._most, found)
