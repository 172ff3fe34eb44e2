"""Slips of a Japanese keyboard in YAML: signs that look right and are others.

Full-width signs are good Japanese inside a title, so nobody is told of them while the file can be
read and says what it should. Only when reading or validating has failed are they looked for.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SIGNS = {
    "：": ":", "、": ",", "，": ",", "　": " ", "\u00a0": " ", "\u200b": "", "｛": "{", "｝": "}",
    "［": "[", "］": "]", "“": '"', "”": '"', "＂": '"', "‘": "'", "’": "'", "＇": "'",
    "＃": "#", "－": "-", "−": "-", "‐": "-", "–": "-", "—": "-", "＆": "&", "＊": "*",
    "＜": "<", "＞": ">", "｜": "|", "／": "/", "．": ".", "＿": "_",
}  # fmt: skip
"""What the keyboard gave → what YAML wants."""

_INDENT = re.compile(r"[ \t\u3000\u00a0\u200b]*")
_DASH = re.compile(r"(?:[－−ー‐–—][ \u3000]|-[\u3000\u00a0])")  # fmt: skip
_KEY = re.compile(r"(?:- *)?[^\s\"'{}\[\],#：:]+?[ \u3000]*(：)")
_OUR_KEY = re.compile(r"(?:- *)?[A-Za-z_]\w*[ \u3000]*(：)", re.ASCII)
_FLOW = re.compile(r"[：、，　｛｝［］“”＂\u00a0]")
_NO_SPACE = re.compile(r"(?:- *)?[A-Za-z_]\w*(:)[^\s:/\\]", re.ASCII)
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|(?:^|(?<=\s))#.*")


@dataclass(frozen=True, slots=True)
class Slip:
    """One wrong sign.

    Attributes
    ----------
    line, column
        From 1; the column counts characters.
    wrong, right
        The sign that stands there, and the one that should.
    """

    line: int
    column: int
    wrong: str
    right: str

    @property
    def name(self) -> tuple[str, str]:
        """What the wrong sign is called, in Japanese and English."""
        if self.wrong == "\t":
            return "タブ", "a tab"
        if self.wrong == "　":
            return "全角の空白", "a full-width space"
        if self.wrong in "\u00a0\u200b":
            return "見えない特殊な空白", "an invisible special space"
        if self.wrong == self.right.strip():
            return f"空白のない「{self.wrong}」", f"'{self.wrong}' without a space"
        return f"全角の「{self.wrong}」", f"the full-width sign '{self.wrong}'"

    @property
    def remedy(self) -> tuple[str, str]:
        """What to type instead, in Japanese and English."""
        if self.wrong == self.right.strip():
            return f"「{self.wrong}」の後に半角の空白を一つ", f"one space after '{self.wrong}'"
        if not self.right:
            return "何も入れずに削除", "nothing: delete it"
        if self.right == "  ":
            return "半角の空白二つ", "two spaces"
        if self.right == " ":
            return "半角の空白", "a space"
        return f"半角の「{self.right}」", f"'{self.right}'"


def slips(lines: Sequence[str], near: int | None = None) -> list[Slip]:
    """Find signs that cannot have been meant in a file that YAML could not read.

    Parameters
    ----------
    lines
        Of the file.
    near
        Line, from 1, where the parser gave up. What is doubtful elsewhere, since it may stand in a
        sentence, is reported within one line of it only.
    """
    return [slip for n, line in enumerate(lines, 1) for slip in _line(line, n, near)]


def _line(line: str, number: int, near: int | None) -> Iterator[Slip]:
    indent = _INDENT.match(line)
    start = indent.end() if indent else 0
    if not line[start:] or line[start] == "#":
        return
    for at, sign in enumerate(line[:start]):
        if sign != " ":
            yield Slip(number, at + 1, sign, "  " if sign in "\t　" else SIGNS[sign])
            break
    close = near is not None and abs(number - near) <= 1
    body = _QUOTED.sub(lambda quoted: "\0" * len(quoted[0]), line[start:])
    yield from _body(body, start, number, close=close)


def _body(body: str, start: int, number: int, *, close: bool) -> Iterator[Slip]:
    """Yield the slips after the indentation; quoted text is blanked out."""
    if close and (dash := _DASH.match(body)):
        sign = next(c for c in dash[0] if c not in "- ")
        yield Slip(number, start + dash[0].index(sign) + 1, sign, SIGNS.get(sign, "-"))
    key = (_KEY if close else _OUR_KEY).match(body)
    if key:
        yield Slip(number, start + key.start(1) + 1, "：", ":")
    if not close:
        return
    if bare := _NO_SPACE.match(body):
        yield Slip(number, start + bare.start(1) + 1, ":", ": ")
    opened = re.search(r"[{\[｛［]", body)
    for found in _FLOW.finditer(body, opened.start() if opened else len(body)):
        yield Slip(number, start + found.start() + 1, found[0], SIGNS[found[0]])


def meant(written: str) -> str:
    """Return a wrong value as it would read with half-width signs; the same if it has none.

    >>> meant("name、kind")
    'name, kind'
    """
    out = "".join(f"{SIGNS[c]} " if c in "、，" else SIGNS.get(c, c) for c in written)
    out = "".join(unicodedata.normalize("NFKC", c) if "！" <= c <= "～" else c for c in out)
    return out.strip()
