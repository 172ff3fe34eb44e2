"""Names of places made comparable: the same name written otherwise, and names that only look alike.

Nothing here is published; what people read is the name as its ledger has it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

KANJI = "一-鿿々"
NUMERALS = {**{kanji: n for n, kanji in enumerate("〇一二三四五六七八九")}, "十": 10}
_DASHES = re.compile("[‐‑‒–—―−ｰ－-]")
_SMALL_KE = re.compile(f"(?<=[{KANJI}])[ヶケがヵ](?=[{KANJI}])")
_NO = re.compile(f"(?<=[{KANJI}])[のノ之](?=[{KANJI}])")
_TOWN = re.compile(f"(?<=[{KANJI}])(?:ちょう|チョウ)(?=[{KANJI}0-9]|$)")
_ORDINAL = re.compile("第([〇一二三四五六七八九十]+)")
_NUMBER = re.compile("[0-9]+|[一二三四五六七八九十]+(?=[区号丁組班町])")
_BRACKETS = re.compile(r"[(（\[【〔](.*?)[)）\]】〕]")
_OWNER = re.compile(
    f"^(?:[{KANJI}ヶケァ-ヴぁ-ん]{{1,6}}?(?:市立|町立|村立|区立|県立|都立|府立|道立)|国立|私立|学校法人|社会福祉法人)"
)


@dataclass(frozen=True)
class PlaceName:
    """A name taken apart for comparison.

    Attributes
    ----------
    whole
        Normalised, with everything the name says.
    bare
        Without the owner in front (〇〇市立, 学校法人 …).
    core, part
        The premises, and the part of them that is meant (体育館, what stands in brackets …).
    marks
        Level of school, numbers and directions: what differs here is another place.
    """

    whole: str
    bare: str
    core: str
    part: str
    marks: tuple[str, ...]


@cache
def _table() -> dict[str, Any]:
    text = resources.files("pipeline.borders").joinpath("names.yaml").read_text(encoding="utf-8")
    table: dict[str, Any] = YAML(typ="safe").load(text)
    return table


def normalised(name: str) -> str:
    """Return a name as it is compared: width, blanks, dashes, variants of kanji and kana.

    Kanji numerals become digits only after 第: 三萩野 and 八幡 are no numbers.
    """
    table = _table()
    text = "".join(unicodedata.normalize("NFKC", name).split())
    text = _DASHES.sub("-", text).translate(str.maketrans(table["kanji"]))
    for pattern, word in table["words"]:
        text = re.sub(pattern, word, text)
    text = _SMALL_KE.sub("ケ", text)
    text = _NO.sub("ノ", _TOWN.sub("町", text))
    return _ORDINAL.sub(lambda found: f"第{_number(found[1])}", text).casefold()


def _number(kanji: str) -> int:
    """Return the number below 100 that kanji write, e.g. 二十三."""
    tens, ten, ones = kanji.rpartition("十")
    if ten:
        return (NUMERALS[tens] if tens else 1) * 10 + (NUMERALS[ones] if ones else 0)
    return int("".join(str(NUMERALS[digit]) for digit in kanji))


@cache
def place_name(name: str) -> PlaceName:
    """Take a name apart for comparison."""
    whole = normalised(name)
    bare = _OWNER.sub("", whole) or whole
    inside = "".join(_BRACKETS.findall(bare))
    core = _BRACKETS.sub("", bare) or bare
    part = inside
    for ending in _table()["parts"]:
        found = re.search(f"{ending}$", core)
        if found and found.start() > 1:
            core, part = core[: found.start()], found[0] + part
            break
    return PlaceName(whole, bare, core, part, _marks(whole))


def _marks(whole: str) -> tuple[str, ...]:
    table = _table()
    levels = [level for level in table["levels"] if level in whole]
    return (
        "".join(levels),
        "/".join(_NUMBER.findall(whole)),
    )


def differs_in_kind(a: PlaceName, b: PlaceName) -> bool:
    """Tell whether names that look alike are of two places: another school level, number or side.

    小学校 and 中学校, 一区 and 二区, 山側 and 海側 differ by one character.
    """
    if a.marks != b.marks:
        return True
    directions = _table()["directions"]
    only_a, only_b = set(a.whole) - set(b.whole), set(b.whole) - set(a.whole)
    sides = {side for side in directions if (side in a.whole) != (side in b.whole)}
    return bool(sides) and (
        bool(only_a & set("".join(sides))) or bool(only_b & set("".join(sides)))
    )
