"""Names of people in cells and in sentences."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from pipeline.privacy.detect.words import VARIANTS, family_names, given_names, patterns

Likelihood = Literal["sure", "likely", "no"]
"""Sure by itself; likely: counts where much of a column is so."""

PLACE_ENDINGS = re.compile(
    r"[園館所場校局院署地会社店駅港橋線川町区市台丘池坂寺宮城内外側口前中上下部課係]$"
)
"""How names of places and offices end, and given names seldom do."""

_KANJI_NAME = re.compile(r"^[一-龠々ヶケノ]{1,5}[ ・]?[一-龠々ぁ-んァ-ヶー]{1,5}$")
_KANA_NAME = re.compile(
    r"^([ァ-ヶー]{2,8})[ ・]([ァ-ヶー]{2,7})$|^([ぁ-ん]{2,8})[ ・]([ぁ-ん]{2,7})$"
)
_TO_KATAKANA = {code: code + 0x60 for code in range(ord("ぁ"), ord("ん") + 1)}


def name_in_cell(text: str) -> Likelihood:
    """Tell whether a whole cell is a person's name.

    Parameters
    ----------
    text
        As :func:`pipeline.privacy.detect.words.plain` gives it.
    """
    if not 2 <= len(text) <= 14:
        return "no"
    if kana := _KANA_NAME.match(text):
        family, given = (part.translate(_TO_KATAKANA) for part in kana.groups() if part)
        return _kana(family, given)
    if not _KANJI_NAME.match(text):
        return "no"
    family, blank, given = text.translate(VARIANTS).replace("・", " ").partition(" ")
    return _spaced(family, given) if blank else _joined(family)


def name_in_text(text: str) -> bool:
    """Tell whether a sentence names a person: beside a word that says so, or addressed."""
    found = patterns()
    if any(_starts_with_name(m["name"]) for m in found.before.finditer(text)):
        return True
    return any(_ends_with_name(m["name"]) for m in found.after.finditer(text))


def _kana(family: str, given: str) -> Likelihood:
    families, givens = _readings()
    if family not in families:
        return "no"
    return "sure" if given in givens else "likely"


def _spaced(family: str, given: str) -> Likelihood:
    known_family, known_given = family in family_names(), given in given_names()
    if known_family and known_given and len(family) + len(given) >= 3:
        return "sure"
    if not _written_as_given(given):
        return "no"
    if known_family and len(family) >= 2:
        return "sure"
    return "likely" if known_family or (known_given and len(family) <= 3) else "no"


def _joined(text: str) -> Likelihood:
    if len(text) < 3:
        return "no"
    families, givens = family_names(), given_names()
    splits = [(text[:cut], text[cut:]) for cut in range(1, min(5, len(text)))]
    known = [(f, g) for f, g in splits if f in families]
    pairs = [(f, g) for f, g in known if g in givens]
    if any(len(f) >= 2 and len(g) >= 2 and not PLACE_ENDINGS.search(g) for f, g in pairs):
        return "sure"
    likely = pairs or any(len(f) >= 2 and _written_as_given(g) for f, g in known)
    return "likely" if likely else "no"


def _written_as_given(text: str) -> bool:
    """Tell whether a given name that no list has could be written so."""
    short = len(text) <= 3 and not PLACE_ENDINGS.search(text)
    return short and all(c in _given_characters() for c in text)


def _starts_with_name(text: str) -> bool:
    text = text.translate(VARIANTS).replace(" ", "")
    return any(text[:cut] in family_names() for cut in range(2, min(6, len(text) + 1)))


def _ends_with_name(text: str) -> bool:
    """Tell whether what stands before 様, さん, 宅 is a family name or ends with a full one."""
    text = text.strip().translate(VARIANTS)
    if text in family_names() and len(text) >= 2:
        return True
    return name_in_cell(text) != "no"


@cache
def _readings() -> tuple[frozenset[str], frozenset[str]]:
    families = frozenset(r for readings in family_names().values() for r in readings)
    return families, frozenset(r for readings in given_names().values() for r in readings)


@cache
def _given_characters() -> frozenset[str]:
    return frozenset(c for name in given_names() for c in name)
