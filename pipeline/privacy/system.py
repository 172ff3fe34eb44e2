"""Published tables as one system of linear equations: what an outsider can reckon with.

Every published cell is a variable, every total an equation ``sum of parts - total = 0``. Tables of
several levels, classes, years or releases that share cells are one system, because an attacker has
them all.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from pipeline.errors import TonariError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray


class TableError(TonariError):
    """A table is none that can be protected: too large, twice the same row, sums that differ."""


@dataclass(frozen=True)
class Dimension:
    """One way of cutting up: codes, each below another or at the top.

    Attributes
    ----------
    codes
        Unique, shape (n,).
    parents
        Position of the code each one is part of, -1 for none; shape (n,). The parts of a code add
        up to it.
    """

    codes: tuple[str, ...]
    parents: tuple[int, ...]

    @classmethod
    def flat(cls, codes: Sequence[str], total: str = "total") -> Dimension:
        """Return codes under one total, which comes last."""
        return cls((*codes, total), (*(len(codes) for _ in codes), -1))

    @classmethod
    def of_pairs(cls, pairs: Iterable[tuple[str, str]]) -> Dimension:
        """Return the dimension of ``(code, parent)`` pairs; a parent named nowhere is at the top.

        Raises
        ------
        TableError
            If a code has two parents.
        """
        below: dict[str, str] = {}
        for code, parent in pairs:
            if below.setdefault(code, parent) != parent:
                raise TableError(f"{code} is part of both {below[code]} and {parent}")
        codes = tuple(dict.fromkeys([*below, *below.values()]))
        place = {code: i for i, code in enumerate(codes)}
        return cls(codes, tuple(place[below[c]] if c in below else -1 for c in codes))

    @property
    def leaves(self) -> NDArray[np.bool_]:
        """Which codes have no parts, shape (n,)."""
        leaf = np.ones(len(self.codes), bool)
        leaf[[p for p in self.parents if p >= 0]] = False
        return leaf

    @property
    def sub_tables(self) -> NDArray[np.int64]:
        """Position of the whole each code stands under, a whole at the top under itself."""
        parents = np.asarray(self.parents, np.int64)
        return np.where(parents < 0, np.arange(len(parents)), parents)

    def equations(self) -> sparse.csr_array:
        """Return one row per code that has parts: 1 for each part, -1 for itself."""
        parents = np.asarray(self.parents)
        wholes = np.flatnonzero(~self.leaves)
        row_of = np.full(len(self.codes), -1)
        row_of[wholes] = np.arange(len(wholes))
        parts = np.flatnonzero(parents >= 0)
        rows = np.concatenate([row_of[parents[parts]], np.arange(len(wholes))])
        columns = np.concatenate([parts, wholes])
        signs = np.concatenate([np.ones(len(parts)), -np.ones(len(wholes))])
        shape = (len(wholes), len(self.codes))
        return sparse.coo_array((signs, (rows, columns)), shape=shape).tocsr()

    def summed(self, values: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        """Fill in every code that has parts, along an axis; values of leaves are kept."""
        out = np.moveaxis(values.copy(), axis, 0)
        out[~self.leaves] = 0
        for at in self._upwards():
            out[self.parents[at]] += out[at]
        return np.moveaxis(out, 0, axis)

    def _upwards(self) -> list[int]:
        """Return codes that have a parent, every part before its whole is added on."""
        depth = [0] * len(self.codes)
        for at in range(len(self.codes)):
            above = self.parents[at]
            while above >= 0:
                depth[at] += 1
                above = self.parents[above]
        order = sorted(range(len(self.codes)), key=lambda at: -depth[at])
        return [at for at in order if self.parents[at] >= 0]


@dataclass(frozen=True)
class System:
    """Cells and the equations between them.

    Attributes
    ----------
    values
        True values, not negative, shape (n,).
    matrix
        Equations, shape (m, n); ``matrix @ values`` is 0.
    lower, upper
        What everybody knows of a cell beforehand, shape (n,); 0 and infinity unless told.
    blocks
        Number of the sub-table each cell stands in, shape (n,): parts of one whole in every
        dimension, with their margins. Where differences are looked for first; no bound on them.
    """

    values: NDArray[np.float64]
    matrix: sparse.csr_array
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    blocks: NDArray[np.int64]

    @classmethod
    def of_table(cls, values: NDArray[np.float64], dimensions: Sequence[Dimension]) -> System:
        """Return the system of one table.

        Parameters
        ----------
        values
            One axis per dimension, totals included; cells are numbered in C order.

        Raises
        ------
        TableError
            If the table does not add up.
        """
        sizes = [len(dimension.codes) for dimension in dimensions]
        if list(values.shape) != sizes:
            raise TableError(f"a table of shape {values.shape} for dimensions of {sizes}")
        blocks = []
        for axis, dimension in enumerate(dimensions):
            block = dimension.equations()
            before, after = int(np.prod(sizes[:axis])), int(np.prod(sizes[axis + 1 :]))
            block = sparse.kron(
                sparse.eye_array(before), sparse.kron(block, sparse.eye_array(after))
            )
            blocks.append(block)
        system = cls.of_equations(values.ravel(), sparse.vstack(blocks))
        labels = np.ravel_multi_index(np.ix_(*(d.sub_tables for d in dimensions)), sizes)
        return replace(system, blocks=np.unique(labels.ravel(), return_inverse=True)[1])

    @classmethod
    def of_equations(cls, values: NDArray[np.float64], matrix: sparse.sparray) -> System:
        """Return a system of which nothing is known beforehand but that cells are not negative.

        Raises
        ------
        TableError
            If a value is negative or not finite, or the equations do not hold.
        """
        values = np.asarray(values, np.float64)
        if not np.isfinite(values).all() or (values < 0).any():
            raise TableError("cells must be finite and not negative")
        matrix = sparse.csr_array(matrix)
        off = np.abs(matrix @ values)
        if off.size and off.max() > 1e-6 * max(1.0, values.max()):
            raise TableError(f"equation {int(off.argmax())} does not add up")
        none = np.zeros(len(values), np.int64)
        return cls(values, matrix, np.zeros(len(values)), np.full(len(values), np.inf), none)

    @classmethod
    def linked(cls, systems: Sequence[System], same: Iterable[tuple[int, int]]) -> System:
        """Put systems together; `same` pairs cells (numbered through) that are one number."""
        pairs = np.array(list(same), dtype=np.int64).reshape(-1, 2)
        n = sum(len(system.values) for system in systems)
        rows = np.repeat(np.arange(len(pairs)), 2)
        signs = np.tile([1.0, -1.0], len(pairs))
        equal = sparse.coo_array((signs, (rows, pairs.ravel())), shape=(len(pairs), n))
        matrix = sparse.vstack([sparse.block_diag([s.matrix for s in systems]), equal])
        joined = cls.of_equations(np.concatenate([s.values for s in systems]), matrix)
        counts = [int(s.blocks.max(initial=0)) + 1 for s in systems]
        shifts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        return replace(
            joined,
            lower=np.concatenate([s.lower for s in systems]),
            upper=np.concatenate([s.upper for s in systems]),
            blocks=np.concatenate([s.blocks + at for s, at in zip(systems, shifts, strict=True)]),
        )


def cells(dimensions: Sequence[Dimension]) -> Iterable[tuple[str, ...]]:
    """Return the codes of every cell of a table, in the order of its numbers."""
    return itertools.product(*(dimension.codes for dimension in dimensions))
