"""Code lists and crosswalks between them: tables of ``pipeline/schemas``."""

from __future__ import annotations

import csv
import io
import unicodedata
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from pipeline.errors import OperationError
from pipeline.findings import Catalogue, Finding, Place

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["exact", "broader", "narrower", "none"]
"""Of a code against the one it is put to; ``broader``: it holds more than that one."""
MAPPED: frozenset[str] = frozenset({"exact", "narrower"})
"""Kinds that lead to one code."""


class Code(NamedTuple):
    """One code of a list."""

    code: str
    label_ja: str
    label_en: str
    kind: str
    source: str


class Row(NamedTuple):
    """One row of a crosswalk."""

    code: str
    label_ja: str
    to: str
    kind: str
    source: str


def code_key(cell: Any) -> str:
    """Return a code as it is compared: NFKC text without ``.0`` and leading zeros.

    Sheets turn 091 into 91 and 211 into 211.0; no list here tells two codes apart by zeros.
    """
    # As values.plain does; that module is too heavy for listing code lists.
    text = unicodedata.normalize("NFKC", str(cell)).strip()
    if text.endswith(".0"):
        text = text[:-2]
    return text.lstrip("0") or text[-1:] if text.isascii() and text.isdigit() else text


def list_names() -> list[str]:
    """Return the names of all code lists."""
    return _names("codes")


def crosswalk_names() -> list[str]:
    """Return the names of all crosswalks."""
    return _names("crosswalks")


def _names(folder: str) -> list[str]:
    files = (resources.files("pipeline") / "schemas" / folder).iterdir()
    return sorted(f.name.removesuffix(".csv") for f in files if f.name.endswith(".csv"))


def _read(folder: str, name: str) -> list[dict[str, str]]:
    if name not in _names(folder):
        raise KeyError(name)
    text = (resources.files("pipeline") / "schemas" / folder / f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


@cache
def code_list(name: str) -> dict[str, Code]:
    """Return a code list by :func:`code_key`.

    Raises
    ------
    KeyError
        If there is no list of that name.
    """
    return {code_key(row["code"]): Code(**row) for row in _read("codes", name)}


@cache
def crosswalk_rows(name: str) -> tuple[Row, ...]:
    """Return the rows of a crosswalk.

    Raises
    ------
    KeyError
        If there is no crosswalk of that name.
    """
    return tuple(Row(**row) for row in _read("crosswalks", name))


def by_code(rows: Iterable[Row]) -> dict[str, tuple[Row, ...]]:
    """Return the rows of each code, by :func:`code_key`."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(code_key(row.code), []).append(row)
    return {key: tuple(of_code) for key, of_code in found.items()}


def check_crosswalk(rows: Iterable[Row], targets: dict[str, Code], name: str) -> list[Finding]:
    """Say what is wrong with a crosswalk, whoever wrote it.

    Parameters
    ----------
    rows
        As written.
    targets
        The list it leads to; empty if it is not known.
    name
        For the findings.
    """
    catalogue, findings = Catalogue.of("pipeline.derive"), []
    for code, of_code in by_code(rows).items():
        findings += [
            catalogue.finding(problem, file=name, field=code, value=value)
            for problem, value in _wrong(of_code, targets)
        ]
    reached = {code_key(row.to) for row in rows if row.to}
    unreached = [f"{c.code} {c.label_ja}" for key, c in targets.items() if key not in reached]
    if unreached and reached:
        places = [Place(value=code) for code in unreached]
        findings.append(catalogue.finding("crosswalk-unreached", file=name, places=places))
    return findings


def _wrong(rows: tuple[Row, ...], targets: dict[str, Code]) -> list[tuple[str, str]]:
    found = []
    for row in rows:
        if row.kind not in get_args(Kind):
            found.append(("crosswalk-kind", row.kind))
        elif (row.kind == "none") != (not row.to.strip()) or _misses(row, targets):
            found.append(("crosswalk-target", row.to))
    if len(rows) > 1 and any(row.kind != "broader" for row in rows):
        found.append(("crosswalk-several", ", ".join(f"{row.to} {row.kind}" for row in rows)))
    return found


def _misses(row: Row, targets: dict[str, Code]) -> bool:
    return bool(row.to and targets) and code_key(row.to) not in targets


def require_sound(rows: Iterable[Row], name: str) -> None:
    """Refuse a crosswalk that says two things.

    Raises
    ------
    OperationError
        With a finding for each code.
    """
    wrong = check_crosswalk(list(rows), {}, name)
    if wrong:
        raise OperationError(wrong)
