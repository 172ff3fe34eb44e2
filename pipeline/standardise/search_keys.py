"""Names as they are compared by a search: one form for all ways of writing Japanese.

``tiles_server/static/map-normalise.js`` does the same to what a reader types; both are held to one
list by tests.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources

from ruamel.yaml import YAML

KANJI = "々\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_NUMERAL = re.compile("[〇一二三四五六七八九十百]+(?=丁目?|番地|番(?![町街館])|号|条|線)")
_PARTICLE = re.compile(f"(?<=[{KANJI}])[がけ]")
_HYPHEN = re.compile("(?<=[0-9])[-\u2010-\u2015\u2212ー](?=[0-9])")
_DROPPED = re.compile("\\s|[・･]|大字|(?<=[市区町村])字")
_DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")}
_LARGE = str.maketrans("ぁぃぅぇぉっゃゅょゎゕゖ", "あいうえおつやゆよわかけ")
_KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
_PLAIN = str.maketrans(
    "がぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽゔ",
    "かきくけこさしすせそたちつてとはひふへほはひふへほう",
    "ー",
)


@cache
def kanji_variants() -> dict[str, str]:
    """Return old and variant kanji with the one that stands for them (常用漢字表 and names)."""
    text = (
        resources.files("pipeline.standardise").joinpath("kanji_variants.yaml").read_text("utf-8")
    )
    return {old: new for new, olds in YAML(typ="safe").load(text).items() for old in olds}


def search_key(text: str) -> str:
    """Return `text` in the form in which names are compared.

    Width, case, kana and size of kana do not count, nor do old forms of kanji, ヶ beside が, 之
    beside の, spaces, 大字, and whether a number before 丁目, 番, 号, 条 or 線 is written in kanji.
    Numbers inside names (八幡, 三番町) stay as they are, and so does the long vowel mark.
    """
    folded = unicodedata.normalize("NFKC", text).lower()
    folded = folded.translate(_KATAKANA).translate(_LARGE).translate(_variants())
    folded = _NUMERAL.sub(lambda found: str(_number(found[0])), folded)
    folded = _PARTICLE.sub("か", folded)
    return _DROPPED.sub("", _HYPHEN.sub("-", folded))


def loose_key(key: str) -> str:
    """Return a key without long vowel and voicing marks, for a second look."""
    return key.translate(_PLAIN)


@cache
def _variants() -> dict[int, str]:
    return str.maketrans(kanji_variants() | {"之": "の"})


def _number(numeral: str) -> int | str:
    """Return the number that kanji write: by places (二十三) or digit by digit (二三)."""
    if not set(numeral) & set("十百"):
        return "".join(str(_DIGITS[sign]) for sign in numeral)
    total, digit = 0, 0
    for sign in numeral:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
        else:
            total += (digit or 1) * (100 if sign == "百" else 10)
            digit = 0
    return total + digit
