"""Names of town blocks so that two spellings of one name meet, and two names never do."""

from __future__ import annotations

import re
import unicodedata

KANJI = {"〇": 0, "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_DIGITS = "一二三四五六七八九"
CHOME = re.compile(f"(?<![〇十{_DIGITS}])([{_DIGITS}]?十[{_DIGITS}]?|[〇{_DIGITS}]+)(?=丁目)")
"""Kanji numerals are converted only directly before 丁目: 八重洲, 三番町 and 二条 are names."""
LEADING_ZEROS = re.compile("(?<![0-9])0+(?=[1-9][0-9]*丁目)")


def town_key(name: str) -> str:
    """Return a name of a town block in the form it is compared in.

    NFKC without blanks, numerals directly before 丁目 as digits: 十一丁目 and １１丁目 meet.
    """
    text = "".join(unicodedata.normalize("NFKC", name).split())
    text = CHOME.sub(lambda found: str(_number(found[1])), text)
    return LEADING_ZEROS.sub("", text)


def _number(numeral: str) -> int:
    if "十" not in numeral:
        return int("".join(str(KANJI[digit]) for digit in numeral))
    tens, _, ones = numeral.partition("十")
    return (KANJI.get(tens, 0) if tens else 1) * 10 + (KANJI.get(ones, 0) if ones else 0)
