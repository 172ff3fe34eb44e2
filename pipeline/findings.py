"""Findings: what a check observed, where, and what to do about it.

The sentences live in ``findings.yaml`` beside the package that reports them, in Japanese and
English, so that a planner's wording can be corrected without touching code.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict, dataclass, replace
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

PLACES_IN_A_LINE = 10
"""Places of a finding that its one line names; reports have all of them."""


class Severity(StrEnum):
    """How much a finding matters: an error blocks its layer or feed, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Place:
    """One of the places a finding stands for.

    Attributes
    ----------
    row, cell, feature
        As :class:`Finding` has them; one of the three.
    value
        What stands there; empty if the finding is not about a value.
    """

    row: int | None = None
    feature: str = ""
    value: str = ""
    cell: str = ""

    def words(self, language: Language) -> str:
        """Name the place in words, e.g. ``6 行目 値「令和元年13月1日」``."""
        return " ".join(part for part in _position(self, language) if part)


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
    places
        Every one of them, where there are several and each can be named.
    catalogue
        Package whose ``findings.yaml`` has the sentences; empty if they are somebody else's.
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
    places: tuple[Place, ...] = ()
    catalogue: str = ""

    def where(self, language: Language) -> str:
        """Name the place in words, e.g. ``data/hinan.csv 317 行 「経度」``."""
        ja = language == "ja"
        parts = [
            self.file,
            f"［{self.sheet}］" if ja and self.sheet else self.sheet and f"[{self.sheet}]",
            self.field and (f"項目「{self.field}」" if ja else f"field '{self.field}'"),
        ]
        row, cell, feature, value = _position(self, language)
        parts = [*parts[:2], row, cell, feature, parts[2], value]
        return " ".join(part for part in parts if part)

    def line(self, language: Language) -> str:
        """Return place, message, remedy and code as one line a planner can act on."""
        message, remedy = (
            (self.message_ja, self.remedy_ja)
            if language == "ja"
            else (self.message_en, self.remedy_en)
        )
        place = self.where(language)
        more = "" if self.count == 1 else self._counted(language)
        return f"{place + ': ' if place else ''}{message}{more} → {remedy} [{self.code}]"

    def _counted(self, language: Language) -> str:
        """Say how many places there are, and the first of them by number."""
        ja = language == "ja"
        # Names of features stand in the message where there are any.
        first = [str(p.row or p.cell or p.feature) for p in self.places[:PLACES_IN_A_LINE]]
        numbers = [number for number in first if number.isascii()]
        listed = ("、" if ja else ", ").join(numbers)
        if self.count > len(numbers):
            listed += ("…" if ja else ", …") if numbers else ""
        if ja:
            return f"（計 {self.count} 件{'：' + listed if listed else ''}）"
        return f" ({self.count} places{': ' + listed if listed else ''})"

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; empty parts are left out."""
        record = _filled(asdict(replace(self, places=())))
        record["severity"] = self.severity.value
        if self.places:
            record["places"] = [_filled(asdict(place)) for place in self.places]
        return record

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Finding:
        """Return the finding of which :meth:`as_dict` made `record`."""
        places = tuple(Place(**place) for place in record.get("places", ()))
        return cls(**{**record, "severity": Severity(record["severity"]), "places": places})


def _position(of: Place | Finding, language: Language) -> tuple[str, str, str, str]:
    ja = language == "ja"
    return (
        "" if of.row is None else (f"{of.row} 行目" if ja else f"row {of.row}"),
        of.cell and (f"セル {of.cell}" if ja else f"cell {of.cell}"),
        of.feature and (f"地物 {of.feature}" if ja else f"feature {of.feature}"),
        of.value and (f"値「{of.value}」" if ja else f"value '{of.value}'"),
    )


def _filled(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if value not in ("", None, ())}


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
        places: Iterable[Place] = (),
        severity: Severity | None = None,
        **details: object,
    ) -> Finding:
        """Make a finding of rule `code` at a place, or at several of which the first is named.

        Raises
        ------
        KeyError
            If the catalogue has no such code or a sentence needs a detail that is not given.
        """
        entry = self.entries[code]
        every = tuple(replace(place, value=_shown(place.value)) for place in places)
        if every:
            row, feature, value = every[0].row, every[0].feature, every[0].value or value
            cell = every[0].cell or cell
            count = len(every)
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
            places=every if len(every) > 1 else (),
            catalogue=self.package,
            **place,
        )

    def sentences(self, code: str, said: Mapping[str, object]) -> dict[str, str] | None:
        """Return the sentences of a finding with nothing in them but what is given.

        Parameters
        ----------
        said
            What may be said; every other part reads "…".

        Returns
        -------
        dict or None
            ``message_ja``, ``message_en``, ``remedy_ja``, ``remedy_en``; ``None`` if the
            catalogue has no such finding (any more).
        """
        entry = self.entries.get(code)
        if entry is None:
            return None
        return {
            f"{kind}_{language}": str(entry[kind][language]).format_map(_Only(said))
            for kind in ("message", "remedy")
            for language in ("ja", "en")
        }


class _Unsaid:
    """Stands in a sentence for what is not said there, whatever its format."""

    def __format__(self, spec: str) -> str:
        return "…"

    def __getattr__(self, name: str) -> _Unsaid:
        return self

    def __getitem__(self, key: object) -> _Unsaid:
        return self


class _Only(dict[str, object]):
    def __missing__(self, key: str) -> object:
        return _Unsaid()


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
