"""Words in values: one pattern that finds a word in every way Japanese is written.

Values are stored as they are, so the word is spread instead of folding the values: a table of
values is read once, and nothing is kept beside it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from functools import cache

from pipeline.standardise.search_keys import kanji_variants

MOST_WORDS, MOST_CHARACTERS = 5, 100
_HALF = {chr(code) for code in range(0xFF66, 0xFF9E)}
MARKS = "\uff9e\uff9f"
"""Half-width marks that voice the kana before them."""
_KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}


def words_of(text: str) -> tuple[str, ...]:
    """Return the words that are looked for, folded; all of them must be found."""
    return tuple(folded(text[:MOST_CHARACTERS]).split()[:MOST_WORDS])


def folded(text: str) -> str:
    """Return `text` without differences of width, case, kana and old forms of kanji."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return plain.translate(_KATAKANA).translate(_variants())


def pattern_of(word: str, signs: frozenset[str]) -> re.Pattern[bytes]:
    """Return what finds a folded word in UTF-8 text.

    Parameters
    ----------
    signs
        The characters of the text: spellings with others are left out, and a word of which one
        spelling is left is looked for as fast as bytes are.
    """
    spellings = _spellings()
    return re.compile(
        b"".join(
            _any_of([text for text in spellings.get(sign, (sign,)) if signs.issuperset(text)])
            for sign in word
        )
    )


def _any_of(spellings: list[str]) -> bytes:
    if not spellings:
        return b"(?!)"  # nowhere
    if len(spellings) == 1:
        return _exactly(spellings[0])
    longest_first = sorted(spellings, key=lambda text: (-len(text), text))
    return b"(?:" + b"|".join(_exactly(text) for text in longest_first) + b")"


def _exactly(text: str) -> bytes:
    """Return what finds `text`; a half-width kana with a mark behind it is another kana."""
    marks = [mark for mark in MARKS if text in _HALF and len(folded(text + mark)) == 1]
    other = b"(?!" + b"|".join(mark.encode() for mark in marks) + b")" if marks else b""
    return re.escape(text.encode()) + other


@cache
def _variants() -> dict[int, str]:
    return str.maketrans(kanji_variants())


@cache
def _spellings() -> dict[str, tuple[str, ...]]:
    """Return for every folded character what is folded to it, half-width kana with marks too."""
    found: dict[str, list[str]] = defaultdict(list)
    single = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    marked = [kana + mark for kana in sorted(_HALF) for mark in MARKS]
    for text in single + marked:
        form = folded(text)
        if len(form) == 1:
            found[form].append(text)
    return {form: tuple(texts) for form, texts in found.items()}
