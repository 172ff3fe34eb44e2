"""Controlled rounding: every cell to a multiple of a base, and all totals still add up.

Handbook on Statistical Disclosure Control, 5.5. Zero-restricted: a cell goes to one of the two
multiples beside it, a multiple stays. Where no such choice adds up, cells may go one step further,
as few as possible; how many did is part of the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pipeline.privacy.solver import SolverError, programme, solution

if TYPE_CHECKING:
    from pipeline.privacy.risk import Floats
    from pipeline.privacy.system import System

_FARTHEST = 3
"""Multiples of the base a cell may go beyond the two beside it."""


@dataclass(frozen=True)
class Rounded:
    """A table of multiples that adds up.

    Attributes
    ----------
    values
        Shape (n,).
    change
        Sum of what was changed, without sign.
    bound
        What no additive rounding of the same reach can be below.
    beyond
        Cells that could not go to a multiple beside them.
    """

    values: Floats
    change: float
    bound: float
    beyond: int


def round_controlled(
    system: System, base: int, *, gap: float = 0.0, nodes: int = 20_000
) -> Rounded:
    """Round all cells of a system to multiples of a base, as near as totals allow.

    Parameters
    ----------
    gap
        Relative distance from the optimum that is good enough.
    nodes
        Of the search: a bound on work that is the same on any machine.

    Raises
    ------
    SolverError
        If no rounding within reach adds up.
    """
    for beyond in range(_FARTHEST + 1):
        found = _rounded(system, base, beyond, gap, nodes)
        if found is not None:
            return found
    raise SolverError(f"no rounding to {base} adds up")


def _rounded(system: System, base: int, beyond: int, gap: float, nodes: int) -> Rounded | None:
    """Choose a level for each cell; each level above the lowest costs what it changes more.

    A step is a variable of its own: steps of one cell cost more and more the farther from the
    true value they lead, so they are taken in order by themselves.
    """
    lower = np.floor(system.values / base + 1e-9)
    multiple = np.isclose(system.values, lower * base)
    least = np.maximum(lower - beyond, 0.0) * base
    most = np.where(multiple, lower, lower + 1) * base + beyond * base
    steps = np.round((most - least) / base).astype(np.int64)
    cells = np.repeat(np.arange(len(steps)), steps)
    nth = np.arange(len(cells)) - np.repeat(np.cumsum(steps) - steps, steps)
    from_, to = least[cells] + nth * base, least[cells] + (nth + 1) * base
    true = system.values[cells]
    penalty = (
        np.where(_outside(to, true, base), 10.0, 1.0),
        np.where(_outside(from_, true, base), 10.0, 1.0),
    )
    cost = np.abs(to - true) * penalty[0] - np.abs(from_ - true) * penalty[1]
    choose = sparse.coo_array(
        (np.ones(len(cells)), (cells, np.arange(len(cells)))), shape=(len(steps), len(cells))
    )
    matrix = sparse.csr_array(system.matrix @ choose.tocsr())
    need = -(system.matrix @ (least / base))
    bounds = (np.zeros(len(cells)), np.ones(len(cells)))
    options = {"mip_rel_gap": gap, "mip_max_nodes": nodes}
    solver = programme(cost, bounds, matrix, (need, need), whole=True, **options)
    picked = solution(solver)
    if picked is None:
        return None
    values = least + base * np.bincount(cells, np.round(picked), len(steps))
    change = float(np.abs(values - system.values).sum())
    start = float(np.abs(least - system.values).sum())
    bound = min(change, start + float(solver.getInfo().mip_dual_bound)) if beyond == 0 else 0.0
    far = int(_outside(values, system.values, base).sum())
    return Rounded(values, change, bound, far)


def _outside(values: Floats, true: Floats, base: int) -> Floats:
    """Tell which multiples are not beside the true value."""
    return np.asarray(np.abs(values - true) >= base - 1e-9)
