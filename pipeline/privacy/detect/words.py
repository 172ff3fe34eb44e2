"""The word lists and patterns of the detectors, read once from the files beside this module."""

from __future__ import annotations

import csv
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ruamel.yaml import YAML

PACKAGE = "pipeline.privacy.detect"
VARIANTS = str.maketrans(
    "髙﨑濵濱邊邉渡齋齊澤嶋眞廣國櫻德惠龍瀧壽榮藏圓彌",
    "高崎浜浜辺辺渡斎斉沢島真広国桜徳恵竜滝寿栄蔵円弥",
)
"""Old and variant characters of names, folded for comparison only."""

KANJI_DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")
_KANJI_RUN = re.compile(
    r"[〇零一二三四五六七八九]{2,}(?=[-の(]|\)|$)|(?<=-)[〇零一二三四五六七八九]{2,}"
)


@dataclass(frozen=True)
class Patterns:
    """Compiled ways of writing.

    Attributes
    ----------
    text
        By detector: counts wherever it stands.
    column
        By detector: what a whole cell looks like; counts where most of a column is so.
    mobile, private_email
        What is personal even where a layer is about public facilities.
    grouped, twelve
        Twelve digits in groups of four, and in any grouping.
    named
        A word of the context, then a name; or a name, then a form of address.
    """

    text: dict[str, re.Pattern[str]]
    column: dict[str, re.Pattern[str]]
    mobile: re.Pattern[str]
    private_email: re.Pattern[str]
    grouped: re.Pattern[str]
    twelve: re.Pattern[str]
    before: re.Pattern[str]
    after: re.Pattern[str]


def read_yaml(name: str) -> dict[str, Any]:
    """Read one of the lists beside this module."""
    text = (resources.files(PACKAGE) / name).read_text("utf-8")
    content: dict[str, Any] = YAML(typ="safe").load(text)
    return content


@cache
def patterns() -> Patterns:
    """Return the ways of writing of ``patterns.yaml`` and of the places on number plates."""
    said = read_yaml("patterns.yaml")
    words = {"{date}": said["date"], "{twelve}": said["twelve"]}

    def compiled(ways: list[str]) -> re.Pattern[str]:
        whole = "|".join(f"(?:{way})" for way in ways)
        for word, pattern in words.items():
            whole = whole.replace(word, pattern)
        return re.compile(whole)

    listed = {name: spec for name, spec in said.items() if isinstance(spec, dict)}
    text = {name: compiled(spec["text"]) for name, spec in listed.items() if "text" in spec}
    column = {name: compiled(spec["column"]) for name, spec in listed.items() if "column" in spec}
    family = r"[一-龠々ヶケノ]{1,5} ?[一-龠々ぁ-んァ-ヶー]{0,4}"
    whole_run = r"(?<![一-龠々])[一-龠々ヶケノ]{2,6}(?: [一-龠々ぁ-んァ-ヶー]{1,4})?"
    context = said["context"]
    return Patterns(
        text | {"plate": _plates()},
        column,
        re.compile(said["mobile"]),
        re.compile(said["private_email"]),
        re.compile(said["grouped"]),
        re.compile(said["twelve"]),
        re.compile(f"{context['before']}(?P<name>{family})"),
        re.compile(f"(?P<name>{whole_run}) ?{context['after']}"),
    )


def _plates() -> re.Pattern[str]:
    places = (resources.files(PACKAGE) / "plates.txt").read_text("utf-8").split()
    longest = "|".join(sorted(set(places), key=len, reverse=True))
    kana = (
        "[あいうえかきくけこさすせそたちつてとなにぬねのはひふほまみむめもやゆよらりるれろわを"
        "EHKMTY]"
    )
    number = r"(?:\d{1,2}-\d{2}|[・.]{1,3} ?\d{1,3}(?:-\d{2})?|\d{1,4})(?!\d)"
    return re.compile(rf"(?:{longest}) ?\d[0-9A-Z]{{0,2}} ?{kana} ?{number}")


@cache
def family_names() -> dict[str, tuple[str, ...]]:
    """Return family names in characters, variants folded, with their readings in katakana."""
    return _names("family_names.csv")


@cache
def given_names() -> dict[str, tuple[str, ...]]:
    """Return given names in characters, variants folded, with their readings in katakana."""
    return _names("given_names.csv")


def _names(file: str) -> dict[str, tuple[str, ...]]:
    text = (resources.files(PACKAGE) / file).read_text("utf-8")
    rows = csv.DictReader(text.splitlines())
    return {r["name"].translate(VARIANTS): tuple(r["readings"].split()) for r in rows}


@cache
def _dashes() -> re.Pattern[str]:
    dash = read_yaml("patterns.yaml")["dashes"]
    return re.compile(rf"(?<=[\d)〇零一二三四五六七八九]) ?{dash} ?(?=[\d(〇零一二三四五六七八九])")


def plain(text: str) -> str:
    """Return a text as the patterns compare it: NFKC, blanks single, dashes of numbers alike."""
    text = unicodedata.normalize("NFKC", text)
    text = " ".join(text.split())
    if not text.isascii():
        text = _dashes().sub("-", text)
        if "〇" in text or "-" in text:
            text = _KANJI_RUN.sub(lambda run: run[0].translate(KANJI_DIGITS), text)
    return text
