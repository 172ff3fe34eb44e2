"""What an outsider can compute of hidden cells: linear programmes over everything published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import highspy
import numpy as np
from scipy import sparse

from pipeline.privacy.solver import TOLERANCE, SolverError, programme, solution

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.privacy.risk import Bools, Floats
    from pipeline.privacy.system import System
    from pipeline.privacy.witnesses import Witnesses

    Indices = NDArray[np.int64]

_SWEEPS = 40
_STALE = 0.01
"""Share of open cells that a sweep must settle to be followed by another."""
_UNBOUNDED = (
    highspy.HighsModelStatus.kUnbounded,
    highspy.HighsModelStatus.kUnboundedOrInfeasible,
)
_ANSWERED = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kModelEmpty)


@dataclass(frozen=True)
class Reach:
    """How far one hidden cell can be from its true value, and what stops it there.

    Attributes
    ----------
    far
        Distance from the true value, not negative.
    rows, dual
        Equations that stop it and their multipliers, shape (k,) each.
    """

    far: float
    rows: Indices
    dual: Floats


def entries(indptr: Indices, which: Indices) -> Indices:
    """Return where the entries of some rows (or columns) of a compressed matrix stand."""
    starts = indptr[which].astype(np.int64)
    lengths = indptr[which + 1].astype(np.int64) - starts
    ends = np.cumsum(lengths)
    return np.repeat(starts - ends + lengths, lengths) + np.arange(ends[-1] if len(ends) else 0)


class Hidden:
    """The hidden cells of a system and the equations that tie them.

    Parameters
    ----------
    hidden
        Which cells are not published, shape (n,).
    """

    def __init__(self, system: System, hidden: Bools) -> None:
        self.system = system
        self.columns = np.flatnonzero(hidden)
        self.place = np.full(len(hidden), -1)
        self.place[self.columns] = np.arange(len(self.columns))
        self.by_column = system.matrix[:, self.columns].tocsc()
        self.by_row = self.by_column.tocsr()
        self._blocks = system.blocks[self.columns]
        self._order = np.argsort(self._blocks, kind="stable")
        self._sorted = self._blocks[self._order]

    def around(self, block: int, hops: int) -> Indices:
        """Return the hidden cells of a sub-table and of those up to so many equations away."""
        blocks, places = np.array([block]), self._in(np.array([block]))
        for _ in range(hops):
            rows = np.unique(self.by_column.indices[entries(self.by_column.indptr, places)])
            beside = np.unique(self.by_row.indices[entries(self.by_row.indptr, rows)])
            after = np.union1d(blocks, self._blocks[beside])
            if len(after) == len(blocks):
                break
            blocks, places = after, self._in(after)
        return self.columns[np.sort(places)]

    def _in(self, blocks: Indices) -> Indices:
        first = np.searchsorted(self._sorted, blocks, "left")
        last = np.searchsorted(self._sorted, blocks, "right")
        return np.concatenate([self._order[a:b] for a, b in zip(first, last, strict=True)])


class Attack:
    """Hidden cells as one linear programme, solved again and again.

    It is written in differences from the true values, ``matrix @ d = 0``, so that zero is always
    possible and one basis serves for the next question.

    Parameters
    ----------
    cells
        The hidden cells that may move; the others are held. All by default.
    box
        No difference is larger; ``inf`` to learn true intervals instead of whether they are wide
        enough.
    whole
        Whether values are known to be whole numbers.
    """

    def __init__(
        self,
        hidden: Hidden,
        cells: Indices | None = None,
        box: float = np.inf,
        *,
        whole: bool = False,
    ) -> None:
        self.system = system = hidden.system
        self.columns = hidden.columns if cells is None else cells
        part = hidden.by_column[:, hidden.place[self.columns]].tocsr()
        self._rows = np.flatnonzero(np.diff(part.indptr))
        part = part[self._rows]
        true = system.values[self.columns]
        low = np.maximum(system.lower[self.columns] - true, -box)
        high = np.minimum(system.upper[self.columns] - true, box)
        none = np.zeros(part.shape[0])
        presolve = "choose" if whole else "off"  # a warm basis is worth more
        self._programme = programme(
            np.zeros(len(low)), (low, high), part, (none, none), whole=whole, presolve=presolve
        )
        self._asked: Indices = np.zeros(0, np.int64)

    def differences(self, cells: Indices, signs: Floats) -> Floats | None:
        """Push cells up (+1) or down (-1) together; return all differences, shape (hidden,).

        ``None`` if nothing stops them.

        Raises
        ------
        SolverError
            If HiGHS stops without an answer.
        """
        solver, places = self._programme, np.searchsorted(self.columns, cells)
        changed = np.union1d(self._asked, places).astype(np.int32)
        cost = np.zeros(len(self.columns))
        cost[places] = -signs
        solver.changeColsCost(len(changed), changed, cost[changed])
        self._asked = places
        solver.run()
        status = solver.getModelStatus()
        if status in _UNBOUNDED:
            return None
        if status not in _ANSWERED:
            raise SolverError(f"HiGHS stopped with {solver.modelStatusToString(status)}")
        return np.asarray(solver.getSolution().col_value)

    def one_by_one(self) -> None:
        """Prepare for questions about single cells.

        Perturbed costs shake loose all cells at once, which a sweep wants; for one cell they are
        thousands of steps for nothing.
        """
        name = "dual_simplex_cost_perturbation_multiplier"
        if self._programme.setOptionValue(name, 0.0) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS knows no option {name}")

    def reach(self, cell: int, sign: int, known: Witnesses | None = None) -> Reach:
        """Push one hidden cell up (1) or down (-1) as far as it goes."""
        found = self.differences(np.array([cell]), np.array([float(sign)]))
        if found is None:
            return Reach(np.inf, np.zeros(0, np.int64), np.zeros(0))
        if known is not None:
            known.add(self.columns, found)
        dual = np.asarray(self._programme.getSolution().row_dual)
        stops = np.flatnonzero(np.abs(dual) > 1e-9)
        far = sign * float(found[np.searchsorted(self.columns, cell)])
        return Reach(max(0.0, far), self._rows[stops], dual[stops])

    def interval(self, cell: int) -> tuple[float, float]:
        """Return the smallest and the largest value of a hidden cell that fit all equations."""
        true = float(self.system.values[cell])
        return true - self.reach(cell, -1).far, true + self.reach(cell, 1).far


def sweep(attack: Attack, known: Witnesses) -> None:
    """Settle many cells by few programmes, each of which moves all open ones at once."""
    random = np.random.default_rng(0)
    left = np.intersect1d(known.open(), attack.columns)
    for _ in range(_SWEEPS):
        if len(left) < 3:
            return
        signs = random.choice([-1.0, 1.0], len(left))
        for direction in (signs, -signs):
            found = attack.differences(left, direction)
            if found is not None:
                known.add(attack.columns, found)
        before, left = left, left[known.open_among(left)]
        if len(left) > (1 - _STALE) * len(before):
            return


def cheapest_way(
    system: System, cell: int, difference: float, prices: Floats, cells: Indices
) -> Floats | None:
    """Return the cheapest differences that move one cell so far, ``None`` if there are none.

    Parameters
    ----------
    difference
        How far, signed.
    prices
        Of moving each cell by one, 0 for hidden ones, infinite for those that stay published;
        shape (n,).
    cells
        Those that may move, sorted; `cell` among them.
    """
    cells = cells[np.isfinite(prices[cells])]
    part = system.matrix[:, cells].tocsr()
    part = part[np.flatnonzero(np.diff(part.indptr))]
    most = abs(difference) * 4
    up = np.minimum(system.upper[cells] - system.values[cells], most)
    down = np.minimum(system.values[cells] - system.lower[cells], most)
    place = int(np.searchsorted(cells, cell))
    here = up if difference > 0 else down
    if here[place] < abs(difference) - TOLERANCE:
        return None
    low, high = np.zeros(2 * len(cells)), np.concatenate([up, down])
    forced, other = (place, place + len(cells)) if difference > 0 else (place + len(cells), place)
    low[forced], high[other] = abs(difference), 0.0
    both = _beside(part)
    none = np.zeros(part.shape[0])
    found = solution(programme(np.tile(prices[cells], 2), (low, high), both, (none, none)))
    if found is None:
        return None
    out = np.zeros(len(system.values))
    out[cells] = found[: len(cells)] - found[len(cells) :]
    return out


def _beside(matrix: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array(sparse.hstack([matrix, -matrix]))
