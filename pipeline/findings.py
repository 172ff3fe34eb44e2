"""Findings: what a check observed, where, and what to do about it.

The sentences live in ``findings.yaml`` beside the package that reports them, in Japanese and
English, so that a planner's wording can be corrected without touching code.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Language = Literal["ja", "en"]
LINE_ENDS = re.compile(r"[\r\n]+")
LONGEST_VALUE = 120
"""Characters of a value that a finding shows; the ledger has the rest."""


class Severity(StrEnum):
    """How much a finding matters: an error blocks its layer or feed, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """One observation of a check.

    Attributes
    ----------
    code
        Stable name of the rule, e.g. ``field-missing``; the key in ``findings.yaml``.
    severity
        Error, warning or info.
    file, sheet, row, cell, feature, field, value
        Where it was seen. ``row`` counts as a spreadsheet does, the header being row 1;
        ``feature`` is an id or the zero-based position in the file. Unknown parts are empty.
    count
        How many places this one finding stands for; the named place is the first of them.
    message_ja, message_en, remedy_ja, remedy_en
        One line each, for a planner.
    """

    code: str
    severity: Severity
    message_ja: str
    message_en: str
    remedy_ja: str
    remedy_en: str
    file: str = ""
    sheet: str = ""
    row: int | None = None
    cell: str = ""
    feature: str = ""
    field: str = ""
    value: str = ""
    count: int = 1

    def where(self, language: Language) -> str:
        """Name the place in words, e.g. ``data/hinan.csv 317 行 「経度」``."""
        ja = language == "ja"
        parts = [
            self.file,
            f"［{self.sheet}］" if ja and self.sheet else self.sheet and f"[{self.sheet}]",
            "" if self.row is None else (f"{self.row} 行目" if ja else f"row {self.row}"),
            self.cell and (f"セル {self.cell}" if ja else f"cell {self.cell}"),
            self.feature and (f"地物 {self.feature}" if ja else f"feature {self.feature}"),
            self.field and (f"項目「{self.field}」" if ja else f"field '{self.field}'"),
            self.value and (f"値「{self.value}」" if ja else f"value '{self.value}'"),
        ]
        return " ".join(part for part in parts if part)

    def line(self, language: Language) -> str:
        """Return place, message, remedy and code as one line a planner can act on."""
        message, remedy = (
            (self.message_ja, self.remedy_ja)
            if language == "ja"
            else (self.message_en, self.remedy_en)
        )
        place = self.where(language)
        more = (
            ""
            if self.count == 1
            else (f"（計 {self.count} 件）" if language == "ja" else f" ({self.count} places)")
        )
        return f"{place + ': ' if place else ''}{message}{more} → {remedy} [{self.code}]"

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; empty parts are left out."""
        record = {k: v for k, v in asdict(self).items() if v not in ("", None)}
        return record | {"severity": self.severity.value}


class Catalogue:
    """The findings one package can report, read from its ``findings.yaml``.

    Parameters
    ----------
    package
        Its ``findings.yaml`` holds ``{code: {severity, message: {ja, en}, remedy: {ja, en}}}``.
        Sentences are ``str.format`` templates over the place (``{file}``, ``{row}``, ``{field}``,
        ``{value}`` …) and whatever details the check passes.
    """

    def __init__(self, package: str) -> None:
        self.package = package

    @cached_property
    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """Read when the first finding is made: most runs of the engine make none."""
        from ruamel.yaml import YAML  # noqa: PLC0415

        text = resources.files(self.package).joinpath("findings.yaml").read_text(encoding="utf-8")
        entries: dict[str, Mapping[str, Any]] = YAML(typ="safe").load(text)
        return entries

    @classmethod
    def of(cls, package: str) -> Catalogue:
        """Return the catalogue of an importable package, the same one for everybody."""
        return _catalogue(package)

    def finding(
        self,
        code: str,
        *,
        file: str = "",
        sheet: str = "",
        row: int | None = None,
        cell: str = "",
        feature: str = "",
        field: str = "",
        value: object = "",
        count: int = 1,
        severity: Severity | None = None,
        **details: object,
    ) -> Finding:
        """Make a finding of rule `code` at a place.

        Raises
        ------
        KeyError
            If the catalogue has no such code or a sentence needs a detail that is not given.
        """
        entry = self.entries[code]
        place: dict[str, Any] = {
            "file": file,
            "sheet": sheet,
            "row": row,
            "cell": cell,
            "feature": feature,
            "field": LINE_ENDS.sub(" ", field),
            "value": _shown(str(value)),
            "count": count,
        }
        words = details | place

        def say(kind: str, language: str) -> str:
            return LINE_ENDS.sub(" ", str(entry[kind][language]).format(**words))

        return Finding(
            code=code,
            severity=severity or Severity(entry["severity"]),
            message_ja=say("message", "ja"),
            message_en=say("message", "en"),
            remedy_ja=say("remedy", "ja"),
            remedy_en=say("remedy", "en"),
            **place,
        )


def _shown(value: str) -> str:
    """Return a value as it fits into one line of a report."""
    line = LINE_ENDS.sub(" ", value)
    return line if len(line) <= LONGEST_VALUE else line[: LONGEST_VALUE - 1] + "…"


@cache
def _catalogue(package: str) -> Catalogue:
    return Catalogue(package)


def count_by_severity(findings: Iterable[Finding]) -> dict[str, int]:
    """Count findings as ``{"error": n, "warning": n, "info": n}``, zeros included."""
    counts = Counter(f.severity for f in findings)
    return {severity.value: counts[severity] for severity in Severity}


def has_error(findings: Iterable[Finding]) -> bool:
    """Tell whether any finding blocks publication."""
    return any(f.severity is Severity.ERROR for f in findings)
