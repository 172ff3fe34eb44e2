"""One change between two feeds, as sentences and as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import orjson
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.findings import Language

Area = Literal["period", "route", "stop", "timetable", "fare"]
_NAMED = 5
"""How many examples a sentence names; all of them are in the data."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs.

    Attributes
    ----------
    area
        What it is about.
    code
        Stable name of the kind of change, the key in ``words.yaml``.
    ja, en
        One line each.
    data
        The same as JSON-ready values, complete where the sentence names examples.
    """

    area: Area
    code: str
    ja: str
    en: str
    data: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return {"area": self.area, "code": self.code, "ja": self.ja, "en": self.en} | self.data


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one version of a feed to the next, in the order a planner reads it."""

    changes: list[Change]

    def lines(self, language: Language) -> list[str]:
        """Return a line per change; one line that says so when there is none."""
        if not self.changes:
            return [phrase("nothing")[language]]
        return [change.ja if language == "ja" else change.en for change in self.changes]

    def as_json(self) -> bytes:
        """Return the changes as JSON."""
        document = {"format": 1, "changes": [change.as_dict() for change in self.changes]}
        return orjson.dumps(document, option=orjson.OPT_INDENT_2)


@dataclass(frozen=True, slots=True)
class Words:
    """The same words in both languages."""

    ja: str
    en: str

    def __getitem__(self, language: str) -> str:
        return self.ja if language == "ja" else self.en


def change(area: Area, code: str, data: dict[str, Any], **words: Words | object) -> Change:
    """Make a change whose sentences stand in ``words.yaml``."""
    said = phrase(code, **words)
    return Change(area, code, said.ja, said.en, data)


def phrase(code: str, **words: Words | object) -> Words:
    """Fill a sentence of ``words.yaml`` in both languages."""
    entry = _sentences()[code]
    return Words(*(_fill(entry[language], language, words) for language in ("ja", "en")))


def listed(items: Sequence[Words]) -> Words:
    """Name the first few of several things and count the others."""
    named = items[:_NAMED]
    text = Words("、".join(i.ja for i in named), ", ".join(i.en for i in named))
    rest = len(items) - len(named)
    return phrase("and-more", named=text, rest=rest) if rest else text


def joined(parts: Sequence[Words]) -> Words:
    """Put the parts of one sentence together."""
    return Words("、".join(p.ja for p in parts), ", ".join(p.en for p in parts))


def _fill(template: str, language: str, words: Mapping[str, Words | object]) -> str:
    plain = {k: v[language] if isinstance(v, Words) else v for k, v in words.items()}
    return template.format(**plain)


@cache
def _sentences() -> dict[str, dict[str, str]]:
    text = resources.files("gtfs.diff").joinpath("words.yaml").read_text(encoding="utf-8")
    sentences: dict[str, dict[str, str]] = YAML(typ="safe").load(text)
    return sentences
