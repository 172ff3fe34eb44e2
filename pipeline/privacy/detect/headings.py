"""Headings under which ledgers keep personal information."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from pipeline.privacy.detect.words import read_yaml

_LATIN_WORDS = re.compile(r"[^a-z]+")


@dataclass(frozen=True)
class _Headings:
    detector: str
    part: tuple[str, ...]
    whole: frozenset[str]
    words: frozenset[str]

    def match(self, heading: str, words: set[str]) -> bool:
        alike = heading in self.whole or bool(self.words & words)
        return alike or any(part in heading for part in self.part)


@dataclass(frozen=True)
class _Lists:
    detectors: tuple[_Headings, ...]
    spared: tuple[str, ...]


@cache
def _lists() -> _Lists:
    said = read_yaml("headings.yaml")
    detectors = tuple(
        _Headings(
            detector,
            tuple(spec.get("part", ())),
            frozenset(spec.get("whole", ())),
            frozenset(spec.get("words", ())),
        )
        for detector, spec in said["detectors"].items()
    )
    return _Lists(detectors, (*said["about_counts"], *said["about_kinds"], *said["not_personal"]))


def detectors_of(heading: str) -> list[str]:
    """Return the detectors whose headings a column's is.

    A heading about how many people there are, or of which kind, is none of them.

    Examples
    --------
    >>> detectors_of("所有者 氏名"), detectors_of("所有者区分"), detectors_of("birth_date")
    (['name'], [], ['birth_date'])
    """
    plain = "".join(unicodedata.normalize("NFKC", heading).lower().split())
    lists = _lists()
    if any(word in plain for word in lists.spared):
        return []
    words = {word for word in _LATIN_WORDS.split(plain) if word}
    return [headings.detector for headings in lists.detectors if headings.match(plain, words)]
