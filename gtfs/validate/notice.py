"""One statement of a validator, whichever it was, with sentences in both languages."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from pipeline.findings import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@dataclass(frozen=True, slots=True)
class Notice:
    """What one or several validators noticed, in one field of one file.

    Attributes
    ----------
    rule
        The validator's own code, e.g. ``missing_required_field`` or ``JPN_004``.
    tools
        Names of the validators that say so, sorted.
    file, row, field, value
        The first place; `row` counts the header as row 1.
    feature
        Id of the stop, trip or route concerned.
    count
        How many places there are.
    message_ja, message_en, remedy_ja, remedy_en
        One line each.
    allowed_ja, allowed_en
        Why it is right all the same; empty when it is not on the allow-list.
    """

    rule: str
    severity: Severity
    tools: tuple[str, ...]
    message_ja: str
    message_en: str
    remedy_ja: str = ""
    remedy_en: str = ""
    file: str = ""
    row: int | None = None
    field: str = ""
    value: str = ""
    feature: str = ""
    count: int = 1
    allowed_ja: str = ""
    allowed_en: str = ""

    def finding(self) -> Finding:
        """Return the notice as a finding of the project; what is allowed is information."""
        return Finding(
            code=self.rule,
            severity=Severity.INFO if self.allowed_ja else self.severity,
            message_ja=self.message_ja,
            message_en=self.message_en,
            remedy_ja=self.allowed_ja or self.remedy_ja,
            remedy_en=self.allowed_en or self.remedy_en,
            file=self.file,
            row=self.row,
            feature=self.feature,
            field=self.field,
            value=self.value,
            count=self.count,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping; empty parts are left out."""
        record = {name: getattr(self, name) for name in self.__slots__}
        record |= {"severity": self.severity.value, "tools": list(self.tools)}
        return {name: value for name, value in record.items() if value not in ("", None)}


def merge(notices: Iterable[Notice]) -> list[Notice]:
    """Say once what several tools or many rows say: the same rule in the same field of a file.

    The first place by row is named. Places that one tool reports are added up; between tools the
    larger number counts, since they look at the same places.
    """
    by_tool: dict[tuple[str, ...], list[Notice]] = {}
    for notice in notices:
        key = (notice.rule, notice.file, notice.field, *notice.tools)
        by_tool.setdefault(key, []).append(notice)
    one_each = [
        replace(min(same, key=_place), count=sum(n.count for n in same))
        for same in by_tool.values()
    ]
    merged: dict[tuple[str, str, str], Notice] = {}
    for notice in sorted(one_each, key=lambda n: n.tools):
        key = (notice.rule, notice.file, notice.field)
        other = merged.get(key)
        merged[key] = (
            notice
            if other is None
            else replace(
                min(other, notice, key=lambda n: _ORDER[n.severity]),
                tools=tuple(sorted({*other.tools, *notice.tools})),
                count=max(other.count, notice.count),
            )
        )
    return sorted(merged.values(), key=lambda n: (_ORDER[n.severity], n.rule, n.file, n.field))


def sentences(rule: str, values: Mapping[str, object]) -> dict[str, Any]:
    """Return message and remedy of a canonical rule in both languages.

    Rules nobody has written a sentence for get the one under ``otherwise``, which names the rule
    and where it is explained.
    """
    entry = _written().get(rule) or _written()["otherwise"]
    words = _Blank({_snake(name): value for name, value in values.items()} | {"rule": rule})
    return {
        f"{part}_{language}": str(entry[part][language]).format_map(words)
        for part in ("message", "remedy")
        for language in ("ja", "en")
    }


class _Blank(dict[str, object]):
    """Values for a sentence; what a tool does not tell is a dash."""

    def __missing__(self, key: str) -> str:
        return "—"


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _place(notice: Notice) -> tuple[bool, int, str]:
    return notice.row is None, notice.row or 0, notice.value


@cache
def _written() -> dict[str, dict[str, dict[str, str]]]:
    text = resources.files("gtfs.validate").joinpath("sentences.yaml").read_text(encoding="utf-8")
    entries: dict[str, dict[str, dict[str, str]]] = YAML(typ="safe").load(text)
    return entries
