"""HiGHS as disclosure control uses it: quiet, one thread, the same answer on every machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import highspy
import numpy as np

from pipeline.errors import TonariError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    Floats = NDArray[np.float64]

TOLERANCE = 1e-6
"""Of HiGHS; a bound this far from what is needed counts as reached."""


class SolverError(TonariError):
    """A linear or integer programme could not be solved."""


class _Silent(highspy.Highs):
    """HiGHS without callbacks: switching them on prints its name where a JSON document may go."""

    def enableCallbacks(self) -> None:
        """Do nothing: no callback is used."""


def quiet_solver(**options: float | str | bool) -> highspy.Highs:
    """Return a solver that says nothing and gives the same answer every time.

    Raises
    ------
    SolverError
        If HiGHS knows no option of that name.
    """
    solver = _Silent()  # type: ignore[no-untyped-call]
    for name, value in {"output_flag": False, "threads": 1, "random_seed": 0, **options}.items():
        if solver.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise SolverError(f"HiGHS knows no option {name}")
    return solver


def programme(
    cost: Floats,
    bounds: tuple[Floats, Floats],
    matrix: sparse.csr_array,
    rows: tuple[Floats, Floats],
    *,
    whole: bool = False,
    **options: float | str | bool,
) -> highspy.Highs:
    """Return a solver that holds ``min cost @ x``.

    Parameters
    ----------
    cost
        Shape (n,).
    bounds
        Of the variables, shape (n,) each.
    matrix
        Shape (m, n).
    rows
        Bounds of ``matrix @ x``, shape (m,) each.
    whole
        Whether variables are whole numbers.
    """
    solver = quiet_solver(**options)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = matrix.shape[1], matrix.shape[0]
    model.col_cost_ = cost
    model.col_lower_, model.col_upper_ = bounds
    model.row_lower_, model.row_upper_ = rows
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * matrix.shape[1]
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = matrix.indptr.astype(np.int32)
    model.a_matrix_.index_ = matrix.indices.astype(np.int32)
    model.a_matrix_.value_ = matrix.data.astype(np.float64)
    solver.passModel(model)
    return solver


def solution(solver: highspy.Highs) -> Floats | None:
    """Solve, and return the variables; ``None`` if nothing fulfils the bounds.

    Raises
    ------
    SolverError
        If HiGHS stops without an answer.
    """
    solver.run()
    status = solver.getModelStatus()
    if status == highspy.HighsModelStatus.kInfeasible:
        return None
    if status == highspy.HighsModelStatus.kModelEmpty:
        return np.zeros(solver.getNumCol())
    if solver.getInfo().primal_solution_status != 2:
        raise SolverError(f"HiGHS stopped with {solver.modelStatusToString(status)}")
    return np.asarray(solver.getSolution().col_value)
