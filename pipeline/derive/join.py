"""A table put to the rows of a dataset by a key, and what found no partner on either side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pandas as pd

from pipeline.derive.fields import CODE, kept_columns, require
from pipeline.derive.hidden import flags
from pipeline.derive.tables import Derived, Given
from pipeline.errors import OperationError
from pipeline.findings import Catalogue, Finding, Place
from pipeline.standardise.columns import MARK, MARKER
from pipeline.standardise.values import plain

if TYPE_CHECKING:
    from pipeline.config.operations import Join
    from pipeline.standardise.columns import Field

Key = tuple[str, ...]


def join_table(options: Join, given: Given, table: Given) -> Derived:
    """Put the columns of `table` to the rows of `given` that have the same key.

    Keys are compared as text in NFKC, so that full-width digits meet plain ones; a key with an
    empty part meets nothing. Every row of `given` stays; what finds no partner, on either side,
    is named in a finding.

    Raises
    ------
    OperationError
        If a field is not there, a key of the table is not unique, or a column taken from it has
        the name of one that is there.
    """
    require(given, options.on, "on")
    taken = options.take or tuple(n for n in table.fields if n not in options.on.values())
    taken = tuple(n for n in taken if n != MARKER or MARKER not in table.fields)
    require(table, [*options.on.values(), *taken], "table")
    _require_free(given, taken)
    ours = _keys(given.frame, tuple(options.on))
    theirs = _keys(table.frame, tuple(options.on.values()))
    rows = _unique(theirs, tuple(options.on.values()))
    partner = [rows.get(key) if key is not None else None for key in ours]
    frame = kept_columns(given.frame.reset_index(drop=True), given.fields.values()).copy()
    columns = table.frame.reset_index(drop=True)
    at = pd.Series([-1 if p is None else p for p in partner], dtype="int64")
    for position, name in enumerate(taken, start=1 + len(given.fields)):
        frame.insert(position, name, columns[name].reindex(at).reset_index(drop=True))
    fields = [*given.fields.values(), *_fields(table, taken)]
    if MARKER in table.fields:
        # What the table withholds stays marked, whichever of its columns are taken.
        theirs_marked = pd.Series(flags(table)).reindex(at).fillna(value=False).to_numpy(bool)
        frame[MARKER] = pd.array(flags(given) | theirs_marked, dtype="boolean")
        fields = [*(f for f in fields if f.name != MARKER), MARK]
    met = {p for p in partner if p is not None}
    findings = _alone("join-row-alone", tuple(options.on), ours, [p is None for p in partner])
    alone = [position not in met for position in range(len(theirs))]
    findings += _alone("join-table-row-alone", tuple(options.on.values()), theirs, alone)
    counts = {
        "rows": len(ours),
        "joined": sum(p is not None for p in partner),
        "table_rows": len(theirs),
        "table_rows_joined": len(met),
    }
    return Derived(frame, fields, counts, findings, marked=MARKER in table.fields)


def _fields(table: Given, taken: tuple[str, ...]) -> list[Field]:
    # Required was said of the table's own rows; a row without a partner has none of it.
    return [replace(table.fields[name], required=False) for name in taken]


def _require_free(given: Given, taken: tuple[str, ...]) -> None:
    twice = [name for name in taken if name in given.fields or name == CODE]
    if twice:
        raise OperationError(
            [
                Catalogue.of("pipeline.derive").finding("join-name-taken", value=name)
                for name in twice
            ]
        )


def _keys(frame: pd.DataFrame, names: tuple[str, ...]) -> list[Key | None]:
    columns = [frame[name].astype(object).where(frame[name].notna(), None) for name in names]
    return [_key(cells) for cells in zip(*columns, strict=True)]


def _key(cells: tuple[Any, ...]) -> Key | None:
    texts = tuple("" if cell is None else plain(_text(cell)) for cell in cells)
    return texts if all(texts) else None


def _text(cell: Any) -> str:
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if whole else cell)


def _unique(keys: list[Key | None], names: tuple[str, ...]) -> dict[Key, int]:
    rows: dict[Key, int] = {}
    repeated: list[Place] = []
    for position, key in enumerate(keys):
        if key is not None and rows.setdefault(key, position) != position:
            repeated.append(Place(feature=str(position + 1), value=", ".join(key)))
    if repeated:
        raise OperationError(
            [
                Catalogue.of("pipeline.derive").finding(
                    "join-key-repeated", field=", ".join(names), places=repeated
                )
            ]
        )
    return rows


def _alone(
    code: str, names: tuple[str, ...], keys: list[Key | None], alone: list[bool]
) -> list[Finding]:
    places = [
        Place(feature=str(position + 1), value=", ".join(key or ()))
        for position, (key, left) in enumerate(zip(keys, alone, strict=True))
        if left
    ]
    if not places:
        return []
    return [Catalogue.of("pipeline.derive").finding(code, field=", ".join(names), places=places)]
