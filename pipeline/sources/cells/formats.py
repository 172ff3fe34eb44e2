"""Number formats of Excel: from the code (``[$-411]ggge"年"``) to what a cell shows.

Rules: ECMA-376 part 1, 18.8.31 (numFmts). What is not known here (fractions, kanji digits) shows
as ``None``, and the caller says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from pipeline.sources.cells.moments import moment_shown
from pipeline.sources.cells.numbers import number_shown

TOKEN = re.compile(
    r"""(?P<quoted>"[^"]*"?)|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)
    |\[(?P<bracket>[^\]]*)\]
    |(?P<noon>AM/PM|A/P|上午/下午|午前/午後)|(?P<general>General|G/標準|標準)
    |(?P<exponent>[eE][+-](?=[0#?]))|(?P<fraction>(?<=[sS\]])\.0+)
    |(?P<moment>[yY]+|[mM]+|[dD]+|[hH]+|[sS]+|g+|e+|a{3,4})|(?P<digits>[0\#?])
    |(?P<mark>[.,%@/])|(?P<literal>.)""",
    re.VERBOSE | re.DOTALL,
)
CONDITION = re.compile(r"(<=|>=|<>|=|<|>)(-?[\d.]+)")
COMPARE = {
    "<": float.__lt__, "<=": float.__le__, ">": float.__gt__, ">=": float.__ge__,
    "=": float.__eq__, "<>": float.__ne__,
}  # fmt: skip


@dataclass(frozen=True)
class Token:
    """One part of a section: its kind (a group of :data:`TOKEN`, or ``elapsed``) and text."""

    kind: str
    text: str


@dataclass(frozen=True)
class Section:
    """What stands between two semicolons of a format.

    Attributes
    ----------
    condition
        Operator and number, where the section has a condition of its own.
    moment, number, text
        Whether it shows a date or time, a number, a text.
    known
        Whether all of it is understood here.
    """

    tokens: tuple[Token, ...]
    condition: tuple[str, float] | None
    moment: bool
    number: bool
    text: bool
    known: bool


@dataclass(frozen=True)
class Shown:
    """What a cell shows.

    Attributes
    ----------
    text
        As on the screen, or ``None`` if the format is not known here.
    moment
        The number was shown as a date or time.
    """

    text: str | None
    moment: bool = False


@lru_cache(maxsize=512)
def sections_of(code: str) -> tuple[Section, ...]:
    """Return the sections of a format code."""
    parts: list[list[Token]] = [[]]
    for match in TOKEN.finditer(code):
        kind = match.lastgroup or "literal"
        text = match[kind] or ""
        if kind == "literal" and text == ";":
            parts.append([])
        else:
            parts[-1].append(Token(kind, text))
    return tuple(_section(tokens) for tokens in parts)


def _section(tokens: list[Token]) -> Section:
    kept: list[Token] = []
    condition, known = None, True
    for token in tokens:
        if token.kind != "bracket":
            kept.append(_plain(token))
        elif (found := CONDITION.fullmatch(token.text)) is not None:
            condition = (found[1], float(found[2]))
        elif re.fullmatch(r"h+|m+|s+", token.text, re.IGNORECASE):
            kept.append(Token("elapsed", token.text.lower()))
        elif token.text.startswith("$"):
            kept.append(Token("literal", token.text[1:].partition("-")[0]))
            kept += [Token("first-year", "")] if "gannen" in token.text else []
        elif token.text.upper().startswith("DBNUM"):
            known = False
    kinds = {token.kind for token in kept}
    moment = bool(kinds & {"moment", "elapsed", "noon"})
    number = "digits" in kinds and not moment
    if number and any(t.kind == "mark" and t.text == "/" for t in kept):
        known = False
    text = any(t.kind == "mark" and t.text == "@" for t in kept)
    return Section(tuple(kept), condition, moment, number, text, known)


def _plain(token: Token) -> Token:
    if token.kind == "quoted":
        return Token("literal", token.text.strip('"'))
    if token.kind == "escaped":
        return Token("literal", token.text)
    if token.kind == "space":
        return Token("literal", " ")
    return Token("literal", "") if token.kind == "fill" else token


def show(value: float, code: str, *, since_1904: bool = False) -> Shown:
    """Return what Excel shows of a number.

    Parameters
    ----------
    value
        Of the cell; dates are days since the end of 1899, or of 1904's first day.
    code
        The format.
    """
    section, value = _chosen(value, sections_of(code))
    if section is None or not section.known:
        return Shown(None, section is not None and section.moment)
    if section.moment:
        pairs = [(token.kind, token.text) for token in section.tokens]
        return Shown(moment_shown(value, pairs, since_1904=since_1904), moment=True)
    pairs = [(token.kind, token.text) for token in section.tokens]
    return Shown(number_shown(value, pairs).strip())


def show_text(text: str, code: str) -> str:
    """Return what Excel shows of a text: the section for texts puts it where ``@`` is."""
    section = next((s for s in sections_of(code) if s.text), None)
    if section is None:
        return text
    return "".join(
        text if token.text == "@" else token.text
        for token in section.tokens
        if token.kind in ("literal", "mark")
    ).strip()


def _chosen(value: float, sections: tuple[Section, ...]) -> tuple[Section | None, float]:
    """Return the section a number is shown by, and the number without the sign it replaces."""
    numeric = [s for s in sections if not (s.text and not s.number)] or list(sections)
    if any(s.condition for s in numeric):
        for section in numeric:
            if section.condition is None:
                return section, value
            operator, limit = section.condition
            if COMPARE[operator](float(value), limit):
                return section, abs(value) if limit <= 0 and value < 0 else value
        return None, value
    if len(numeric) > 2 and value == 0:
        return numeric[2], value
    if len(numeric) > 1 and value < 0:
        return numeric[1], -value
    return numeric[0], value
