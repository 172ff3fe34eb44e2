"""Complementary suppression: hide as little as possible so that nothing sensitive can be computed.

The integer programme of Fischetti and Salazar (2001) in its Benders form: the master chooses what
to hide, the attacker answers with an inequality for every cell that can still be computed. What
the master alone would cost is a lower bound of any solution, so the result states how far from the
optimum it can be at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipeline.privacy.attack import Attack, Hidden, cheapest_way, entries, sweep
from pipeline.privacy.master import Master
from pipeline.privacy.solver import TOLERANCE, SolverError
from pipeline.privacy.witnesses import Witnesses

if TYPE_CHECKING:
    from pipeline.privacy.attack import Indices, Reach
    from pipeline.privacy.risk import Bools, Floats, Need
    from pipeline.privacy.system import System

_HOPS = (0, 1)
"""Sub-tables looked at around a cell before all are, in equations between them."""
_LARGE = 5000
"""Neighbourhoods of more cells are no easier than everything."""
_BOX = 4.0
"""Differences the attacker may use, in multiples of the largest need: local ways suffice."""
_ZERO_WEIGHT = 10.0
"""An empty cell costs this many times the dearest one: hiding it tells that it may not be empty."""
_ASKED = 0.03
"""Share of sensitive cells that may be open when each is asked against everything hidden."""
_SAMPLE = 0.01
"""Of them asked in one round: one inequality often settles many cells below one whole."""
_MENDED = 0.003
"""Share of sensitive cells that may be open when each is protected by its own cheapest way."""


_WAYS = 64
"""Ways opened for one cell before it is given up: each should bring it nearer to what it needs."""


class UnprotectableError(SolverError):
    """No choice of hidden cells protects what must be protected.

    Attributes
    ----------
    cells
        Numbers of the cells that stay computable even if everything is hidden.
    """

    def __init__(self, cells: Indices) -> None:
        super().__init__(f"{len(cells)} cells can be computed even if everything else is hidden")
        self.cells = cells


@dataclass(frozen=True)
class Suppression:
    """What to hide.

    Attributes
    ----------
    hidden
        Shape (n,): primary and complementary cells.
    primary
        Those that are sensitive by themselves, shape (n,).
    cost, bound
        Summed weight of the complementary cells, and what no solution can be below.
    rounds, cuts
        How often the attacker answered, and with how many inequalities.
    """

    hidden: Bools
    primary: Bools
    cost: float
    bound: float
    rounds: int
    cuts: int

    @property
    def gap(self) -> float:
        """How far above the optimum this is at most, as a share of the bound."""
        return 0.0 if self.cost <= self.bound else (self.cost - self.bound) / max(self.bound, 1.0)


def suppress(
    system: System,
    need: Need,
    weights: Floats,
    *,
    gap: float = 0.02,
    rounds: int = 60,
    nodes: int = 2000,
    fixed: Bools | None = None,
    single: Bools | None = None,
) -> Suppression:
    """Choose complementary cells.

    Parameters
    ----------
    need
        Protection of every cell; what it names is hidden in any case.
    weights
        Loss by hiding each cell, shape (n,), positive.
    gap
        Relative distance from the optimum that is good enough.
    rounds
        After so many answers of the attacker the cells still open are protected one by one.
    nodes
        Of each search of the master: a bound on work that is the same on any machine.
    fixed
        Cells that must stay published, shape (n,).
    single
        Cells with one contributor each, shape (n,): two of them, hidden alone in one equation,
        would tell each contributor the other's value (PS2 of the Handbook, 4.3).

    Raises
    ------
    UnprotectableError
        If nothing helps.
    """
    return _Search(system, need, weights, fixed, single).run(gap, rounds, nodes)


class _Search:
    """The dialogue of master and attacker."""

    def __init__(
        self,
        system: System,
        need: Need,
        weights: Floats,
        fixed: Bools | None,
        single: Bools | None,
    ) -> None:
        self.system, self.need = system, need
        self.primary = need.sensitive
        levels = np.concatenate([need.up, need.down, need.width])
        self.box = _BOX * float(levels.max(initial=0.0))
        empty = system.values <= 0
        self.weights = np.where(empty, _ZERO_WEIGHT * weights.max(initial=1.0), weights)
        self.free = ~self.primary if fixed is None else ~self.primary & ~fixed
        self.single = None if single is None else single & self.primary
        self.known = Witnesses(need)
        self.everything = Hidden(system, self.free | self.primary)
        self.master = Master(self.weights, self.free)

    def run(self, gap: float, rounds: int, nodes: int) -> Suppression:
        if not self.primary.any():
            return Suppression(self.primary, self.primary, 0.0, 0.0, 0, 0)
        self._alone_in_equations()
        best: Bools | None = None
        done = 0
        while True:
            chosen = self.master.solve(gap / 2, nodes)
            failed = self._attacked(chosen)
            done += 1
            if len(failed) <= self._share(_MENDED) or done >= rounds:
                chosen = self._mended(chosen, failed, gap)
                if best is None or self._cost(chosen) < self._cost(best):
                    best = chosen
            if done >= rounds or (best is not None and self._near(best, gap)):
                break
        assert best is not None
        cost = self._cost(best)
        return Suppression(
            self.primary | best,
            self.primary,
            cost,
            min(self.master.bound, cost),
            done,
            self.master.count,
        )

    def _share(self, share: float) -> int:
        return max(4, int(share * self.primary.sum()))

    def _cost(self, chosen: Bools) -> float:
        return float(self.weights[chosen].sum())

    def _near(self, chosen: Bools, gap: float) -> bool:
        return self._cost(chosen) <= self.master.bound * (1 + gap) + TOLERANCE

    def _alone_in_equations(self) -> None:
        """Tell what is plain without an attack: no equation may have a single hidden cell."""
        matrix = self.system.matrix
        hidden = np.asarray(abs(matrix) @ self.primary.astype(float)).ravel()
        for row in np.flatnonzero(np.isclose(hidden, 1)):
            self._one_more(int(row))

    def _one_more(self, row: int) -> None:
        matrix = self.system.matrix
        cells = np.sort(matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]])
        others = cells[~self.primary[cells]].astype(np.int64)
        if not self.master.add(others, np.ones(len(others)), 1.0):
            raise UnprotectableError(cells[self.primary[cells]].astype(np.int64))

    def _attacked(self, chosen: Bools) -> Indices:
        """Attack; add an inequality for every cell that fails, and return those cells."""
        hidden = Hidden(self.system, self.primary | chosen)
        self.known.forget(~(self.primary | chosen))
        failed: dict[int, None] = {}
        for row in self._tell_tale(self.primary | chosen):
            self._one_more(row)
            failed |= dict.fromkeys(self._hidden_in(row))
        everything = Attack(hidden, None, self.box)
        sweep(everything, self.known)
        rest = self.known.open()
        for hops in _HOPS:
            rest = self._by_blocks(hidden, rest, hops, chosen, failed)
        if len(failed) <= self._share(_ASKED):
            asked = rest[:: max(1, -(-len(rest) // self._share(_SAMPLE)))]
            kept = self._one_by_one(everything, asked, chosen, failed)
            rest = np.array([*np.setdiff1d(rest, asked), *kept], np.int64)
        return np.array(sorted([*failed, *rest.tolist()]), dtype=np.int64)

    def _by_blocks(
        self, hidden: Hidden, cells: Indices, hops: int, chosen: Bools, failed: dict[int, None]
    ) -> Indices:
        """Attack cells in their neighbourhoods; return those that need a larger one."""
        left: list[int] = []
        blocks = self.system.blocks[cells]
        for block in np.unique(blocks):
            inside = cells[blocks == block]
            inside = inside[self.known.open_among(inside)]
            if not len(inside):
                continue
            near = hidden.around(int(block), hops)
            if len(near) > _LARGE:
                left += inside.tolist()
                continue
            left += self._one_by_one(Attack(hidden, near, self.box), inside, chosen, failed)
        return np.array(left, dtype=np.int64)

    def _one_by_one(
        self, attack: Attack, cells: Indices, chosen: Bools, failed: dict[int, None]
    ) -> list[int]:
        """Attack cells within one programme; return those it can neither prove nor refute."""
        attack.one_by_one()
        left: list[int] = []
        for cell in cells[self.known.open_among(cells)].tolist():
            answers = {sign: attack.reach(cell, sign, self.known) for sign in (1, -1)}
            if not self.known.open_among(np.array([cell]))[0]:
                continue
            if self._cut(cell, answers, chosen):
                failed[cell] = None
            else:
                left.append(cell)
        return left

    def _cut(self, cell: int, answers: dict[int, Reach], chosen: Bools) -> bool:
        """Tell the master what it must hide more of; false if what was looked at is too little."""
        up, down = (self._ways(cell, sign, answers[sign]) for sign in (1, -1))
        both = (np.concatenate([up[0], down[0]]), np.concatenate([up[1], down[1]]))
        need, told = self.need, False
        wanted = ((up, need.up[cell]), (down, need.down[cell]), (both, need.width[cell]))
        for (found, amounts), level in wanted:
            cells, places = np.unique(found, return_inverse=True)
            ways = np.asarray(np.bincount(places, amounts, len(cells)), np.float64)
            left = float(level - ways[self.primary[cells]].sum())
            ways = np.where(self.primary[cells], 0.0, np.minimum(ways, left))
            if left > TOLERANCE and float(ways[chosen[cells]].sum()) < left - TOLERANCE:
                if not self.master.add(cells, ways, left):
                    raise UnprotectableError(np.array([cell]))
                told = True
        return told

    def _ways(self, cell: int, sign: int, answer: Reach) -> tuple[Indices, Floats]:
        """Return how far each cell, were it hidden, could let this one move: the dual."""
        system, matrix = self.system, self.system.matrix
        at = entries(matrix.indptr, answer.rows)
        lengths = np.diff(matrix.indptr)[answer.rows]
        cells, places = np.unique(np.append(matrix.indices[at], cell), return_inverse=True)
        parts = np.append(-matrix.data[at] * np.repeat(answer.dual, lengths), -float(sign))
        reduced = np.bincount(places, parts, len(cells))
        reduced[np.abs(reduced) < 1e-9] = 0
        high = np.minimum(system.upper[cells] - system.values[cells], self.box)
        low = np.minimum(system.values[cells] - system.lower[cells], self.box)
        return cells.astype(np.int64), np.where(reduced < 0, -reduced * high, reduced * low)

    def _tell_tale(self, hidden: Bools) -> list[int]:
        """Return equations whose only two hidden cells have one contributor each."""
        if self.single is None:
            return []
        matrix = abs(self.system.matrix)
        count = np.asarray(matrix @ hidden.astype(float)).ravel()
        singles = np.asarray(matrix @ self.single.astype(float)).ravel()
        return np.flatnonzero(np.isclose(count, 2) & np.isclose(singles, 2)).tolist()

    def _hidden_in(self, row: int) -> list[int]:
        matrix = self.system.matrix
        cells = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        return [int(cell) for cell in cells if self.primary[cell]]

    def _mended(self, chosen: Bools, failed: Indices, gap: float) -> Bools:
        """Protect one by one what is open, each by its cheapest way; then publish what may be."""
        before, chosen = chosen, chosen.copy()
        for row in self._tell_tale(self.primary | chosen):
            chosen |= self._cheapest_in(row)
        for cell in failed.tolist():
            for _ in range(_WAYS):
                if not self.known.open_among(np.array([cell]))[0]:
                    break
                chosen |= self._opened(cell, chosen)
            else:
                raise UnprotectableError(np.array([cell]))
        added = np.flatnonzero(chosen & ~before)
        for cell in added[np.argsort(-self.weights[added], kind="stable")].tolist():
            if self._near(chosen, gap):
                break
            self._published_again(cell, chosen)
        return chosen

    def _cheapest_in(self, row: int) -> Bools:
        matrix = self.system.matrix
        cells = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        cells = cells[self.free[cells]]
        out = np.zeros(len(self.free), bool)
        out[cells[np.argmin(self.weights[cells])]] = True
        return out

    def _opened(self, cell: int, chosen: Bools) -> Bools:
        """Return the cells to hide so that one cell comes nearer to what it needs."""
        prices = np.where(self.primary | chosen, 0.0, np.where(self.free, self.weights, np.inf))
        ways: list[Floats] = []
        for difference in self._lacking(cell):
            way = self._way(cell, difference, prices)
            if way is not None:
                ways.append(way)
        if not ways:
            raise UnprotectableError(np.array([cell]))
        moved = [np.abs(way) > TOLERANCE for way in ways]
        cost = [float(prices[m].sum()) for m in moved]
        best = int(np.argmin(cost))
        columns = np.flatnonzero(moved[best])
        self.known.add(columns, ways[best][columns])
        return np.asarray(moved[best] & self.free)

    def _lacking(self, cell: int) -> list[float]:
        """Return the signed differences of which one must be proven next."""
        need, up, down = self.need, self.known.up[cell], self.known.down[cell]
        if up < need.up[cell] - TOLERANCE:
            return [float(max(need.up[cell], need.width[cell] - down))]
        if down < need.down[cell] - TOLERANCE:
            return [-float(need.down[cell])]
        return [float(need.width[cell] - down), -float(need.width[cell] - up)]

    def _way(self, cell: int, difference: float, prices: Floats) -> Floats | None:
        for hops in (*_HOPS, 2):
            near = self.everything.around(int(self.system.blocks[cell]), hops)
            if len(near) > _LARGE:
                break
            way = cheapest_way(self.system, cell, difference, prices, near)
            if way is not None:
                return way
        return cheapest_way(self.system, cell, difference, prices, self.everything.columns)

    def _published_again(self, cell: int, chosen: Bools) -> None:
        """Publish a complementary cell if all stay protected; else hide it again."""
        chosen[cell] = False
        if self._tell_tale(self.primary | chosen):
            chosen[cell] = True
            return
        saved = self.known.copy()
        hidden = Hidden(self.system, self.primary | chosen)
        self.known.forget(~(self.primary | chosen))
        for block in np.unique(self.system.blocks[self.known.open()]):
            near = hidden.around(int(block), 1)
            attack = Attack(hidden, near if len(near) <= _LARGE else None, self.box)
            sweep(attack, self.known)
            for one in np.intersect1d(self.known.open(), near).tolist():
                for sign in (1, -1):
                    attack.reach(one, sign, self.known)
        if len(self.known.open()):
            chosen[cell], self.known = True, saved
