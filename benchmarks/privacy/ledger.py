"""A ledger of remarks with personal information planted in forty ways of writing."""

from __future__ import annotations

import random
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
from ruamel.yaml import YAML
from stdnum.jp import in_

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")
HALF_KANA = str.maketrans("サトウスキタカハシ", "ｻﾄｳｽｷﾀｶﾊｼ")
KANJI = str.maketrans("0123456789", "〇一二三四五六七八九")


class Writer:
    """Makes one value at a time, in a way that is asked for."""

    def __init__(self, seed: int) -> None:
        text = (resources.files(__package__) / "words.yaml").read_text("utf-8")
        self.words: dict[str, list[Any]] = YAML(typ="safe").load(text)
        self.random = random.Random(seed)

    def one(self, kind: str) -> str:
        """Return one of the words of a kind."""
        return str(self.random.choice(self.words[kind]))

    def digits(self, count: int) -> str:
        """Return that many digits."""
        return "".join(self.random.choice("0123456789") for _ in range(count))

    def my_number(self) -> str:
        """Return twelve digits that pass the check."""
        body = self.digits(11)
        return body + str(in_.calc_check_digit(body))

    def mobile(self, sign: str = "-") -> str:
        """Return a mobile telephone number."""
        head = self.random.choice(("070", "080", "090"))
        return sign.join((head, self.random.choice("123456789") + self.digits(3), self.digits(4)))

    def fixed(self, sign: str = "-") -> str:
        """Return a telephone number of Kitakyushu."""
        return sign.join(("093", self.random.choice("23456789") + self.digits(2), self.digits(4)))

    def block(self) -> str:
        """Return numbers of chōme, block and house."""
        return "-".join(str(self.random.randint(1, n)) for n in (5, 20, 30))

    def born(self) -> tuple[int, int, int]:
        """Return year of Shōwa, month and day."""
        return self.random.randint(5, 63), self.random.randint(1, 12), self.random.randint(1, 28)


def _name(w: Writer, sign: str = " ") -> str:
    return w.one("family") + sign + w.one("given")


def _plate(w: Writer, pattern: str) -> str:
    kana = w.random.choice("さすせそたちつてとなにぬねの")
    return pattern.format(p=w.one("plate_places"), c=300 + int(w.digits(2)), k=kana, d=w.digits(4))


def _birth(w: Writer, pattern: str) -> str:
    year, month, day = w.born()
    return pattern.format(y=year, w=year + 1925, m=month, d=day)


WAYS: dict[str, tuple[str, Callable[[Writer], str]]] = {
    "name 姓 名": ("name", _name),
    "name 姓　名 wide blank": ("name", lambda w: _name(w, "　")),
    "name 姓名 joined": ("name", lambda w: _name(w, "")),
    "name 姓・名": ("name", lambda w: _name(w, "・")),
    "name 姓名様 in a sentence": ("name", lambda w: f"鍵は{_name(w, '')}様が保管"),
    "name 姓さん宅": ("name", lambda w: f"北側は{w.one('family')}さん宅"),
    "name 所有者：姓名": ("name", lambda w: f"所有者：{_name(w, '')}"),
    "name 担当 姓": ("name", lambda w: f"担当 {w.one('family')}"),
    "name カナ": ("name", lambda w: f"{w.one('family_kana')} {w.one('given_kana')}"),
    "name half-width kana": ("name", lambda w: f"{w.one('family_kana').translate(HALF_KANA)} ﾀﾛｳ"),
    "name Latin letters": ("name", lambda w: f"{w.one('family_latin')} {w.one('given_latin')}"),
    "my number 4-4-4": ("my_number", lambda w: _grouped(w.my_number(), "-")),
    "my number 4 4 4 in a sentence": (
        "my_number",
        lambda w: f"本人確認 {_grouped(w.my_number(), ' ')} 済",
    ),
    "my number beside its word": ("my_number", lambda w: f"個人番号{w.my_number()}"),
    "my number wide digits": (
        "my_number",
        lambda w: f"マイナンバー：{w.my_number().translate(FULL_WIDTH)}",
    ),
    "my number alone, no heading": ("my_number", lambda w: w.my_number()),
    "phone mobile": ("phone", lambda w: w.mobile()),
    "phone mobile wide": ("phone", lambda w: w.mobile().translate(FULL_WIDTH)),
    "phone mobile without signs": ("phone", lambda w: f"連絡は{w.mobile('')}まで"),
    "phone fixed": ("phone", lambda w: w.fixed()),
    "phone (093)": ("phone", lambda w: f"({w.fixed()[:3]}){w.fixed()[4:]}"),
    "phone dots": ("phone", lambda w: w.fixed(".")),
    "phone +81": ("phone", lambda w: f"+81-{w.mobile()[1:]}"),
    "phone kanji digits": ("phone", lambda w: w.fixed().translate(KANJI)),
    "phone TEL in a sentence": ("phone", lambda w: f"要連絡TEL{w.fixed('')}"),
    "e-mail": ("email", lambda w: f"a{w.digits(3)}@example.co.jp"),
    "e-mail ＠": ("email", lambda w: f"連絡 b{w.digits(3)}＠example.jp"),
    "e-mail (at)": ("email", lambda w: f"c{w.digits(3)}(at)example.com"),
    "birth 昭和生まれ": ("birth_date", lambda w: _birth(w, "昭和{y}年{m}月{d}日生まれ")),
    "birth S..生": ("birth_date", lambda w: _birth(w, "S{y}.{m}.{d}生")),
    "birth 生年月日": ("birth_date", lambda w: _birth(w, "生年月日 {w}/{m:02d}/{d:02d}")),
    "bank 普通": ("bank_account", lambda w: f"{w.one('banks')} 普通 {w.digits(7)}"),
    "bank 記号番号": ("bank_account", lambda w: f"記号1{w.digits(4)} 番号{w.digits(8)}"),
    "plate": ("plate", lambda w: _plate(w, "{p}{c}{k}{d}")),
    "plate with blanks": ("plate", lambda w: _plate(w, "{p} {c} {k} {d:.2}-12")),
    "address 1-2-3": ("address", lambda w: f"{w.one('wards')}{w.one('towns')}{w.block()}"),
    "address 丁目番号": (
        "address",
        lambda w: f"{w.one('towns')}一丁目{w.digits(1)}番{w.digits(1)}号",
    ),
    "address 番地": ("address", lambda w: f"大字{w.one('towns')}{w.random.randint(100, 3000)}番地"),
    "health": ("health", lambda w: f"2階に要介護{w.random.randint(1, 5)}の方"),
    "health handbook": ("health", lambda w: f"身体障害者手帳{w.random.randint(1, 6)}級"),
}
"""Ways of writing by name: the detector that should find it, and what writes it."""


def _grouped(number: str, sign: str) -> str:
    return sign.join((number[:4], number[4:8], number[8:]))


def remarks(rows: int, leaks: int, seed: int = 20261126) -> tuple[NDArray[np.object_], list[str]]:
    """Make a column of remarks of which every way of writing is planted in `leaks` rows.

    Returns
    -------
    cells
        Texts, shape ``(rows,)``, in no order.
    ways
        By row: the key in :data:`WAYS`, or nothing for an ordinary remark.
    """
    w = Writer(seed)
    planted = [(way, write(w)) for way, (_, write) in WAYS.items() for _ in range(leaks)]
    ordinary = [("", w.one("ordinary") + _number(w)) for _ in range(rows - len(planted))]
    whole = planted + ordinary
    w.random.shuffle(whole)
    cells = np.array([text for _, text in whole], object)
    return cells, [way for way, _ in whole]


def _number(w: Writer) -> str:
    """Make most ordinary remarks different, as a ledger's are."""
    return w.random.choice(
        ("", "", f"（{w.digits(3)}）", f" No.{w.digits(5)}", f"、{w.digits(2)}件")
    )
