"""Japanese headings of a CSV file, and words beside the codes in it.

The headings are those of 自治体標準オープンデータセット (デジタル庁) where a schema names them,
else the titles of the fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.standardise.codelists import code_key, code_list

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from pipeline.standardise.codelists import Code
    from pipeline.standardise.columns import Field

OWN = {
    "id": "地物番号",
    "municipality_code": "全国地方公共団体コード",
    "longitude": "経度",
    "latitude": "緯度",
}
"""Columns that every file has; the standard's own ``ID`` is the publisher's number."""
LABEL = "_label"
"""Ending of the column with the words of a code."""


def column_headings(fields: Mapping[str, Field]) -> dict[str, str]:
    """Return the heading of every column that a table of `fields` has with :func:`with_labels`.

    Returns
    -------
    dict
        By name of the column; two columns are never headed alike, the later one names itself too.
    """
    found = dict(OWN)
    labels = labelled(fields)
    for name, field in fields.items():
        heading = field.heading or field.title_ja or name
        for column, said in ((name, heading), (name + LABEL, f"{heading}_名称")):
            if column in OWN or (column != name and column not in labels):
                continue
            found[column] = said if said not in found.values() else f"{said}（{column}）"
    return found


def labelled(fields: Mapping[str, Field]) -> list[str]:
    """Return the columns that :func:`with_labels` adds, for codes that have none of their own."""
    return [n + LABEL for n, field in fields.items() if field.codes and n + LABEL not in fields]


def with_labels(frame: pd.DataFrame, fields: Mapping[str, Field]) -> pd.DataFrame:
    """Return a table with the words of every code in a column behind it.

    A code that its list does not have stays without words; checking has said so.
    """
    table = frame.copy()
    for column in labelled(fields):
        name = column.removesuffix(LABEL)
        if name in table.columns:
            known = code_list(fields[name].codes)
            words = [_words(known, value) for value in table[name]]
            table.insert(list(table.columns).index(name) + 1, column, words)
    return table


def _words(known: Mapping[str, Code], value: object) -> str | None:
    # What is missing is NaN or NA in some columns; its text is the key of no code.
    code = known.get(code_key(value))
    return code.label_ja if code is not None and code.label_ja else None


def headings_of(columns: Iterable[str], headings: Mapping[str, str]) -> list[str]:
    """Return the headings of `columns`; those without one keep their name."""
    return [headings.get(column, column) for column in columns]
