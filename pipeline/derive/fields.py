"""What operations share: fields asked for by name, and columns to be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import OperationError
from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from pipeline.derive.tables import Given
    from pipeline.standardise.columns import Field

CODE = "municipality_code"


def require(given: Given, names: Iterable[str], where: str) -> None:
    """See that a dataset has the fields an operation names.

    Raises
    ------
    OperationError
        With a finding for each that is not there.
    """
    known = [CODE, *given.fields]
    missing = [name for name in dict.fromkeys(names) if name not in known]
    if missing:
        raise OperationError(
            [
                Catalogue.of("pipeline.derive").finding(
                    "operation-field-absent", field=where, value=name, known=", ".join(known)
                )
                for name in missing
            ]
        )


def require_numbers(given: Given, names: Iterable[str], where: str) -> None:
    """See that fields hold numbers.

    Raises
    ------
    OperationError
        With a finding for each that does not.
    """
    wrong = [n for n in dict.fromkeys(names) if given.fields[n].type not in ("integer", "number")]
    if wrong:
        raise OperationError(
            [
                Catalogue.of("pipeline.derive").finding(
                    "operation-not-numeric", field=where, value=name
                )
                for name in wrong
            ]
        )


def kept_columns(frame: pd.DataFrame, fields: Iterable[Field]) -> pd.DataFrame:
    """Return the columns that belong to a dataset, without ids and places in sources."""
    columns = [CODE, *(field.name for field in fields)]
    return frame[[*columns, *(["geometry"] if "geometry" in frame.columns else [])]]
