"""Numbers as a section of an Excel format shows them."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext

Pairs = list[tuple[str, str]]
"""Kinds and texts of the tokens of a section."""


def plain_number(value: float) -> str:
    """Return a number with the 15 digits Excel keeps, whole ones without decimals."""
    if float(value).is_integer() and abs(value) < 2**53:
        return str(int(value))
    text = f"{value:.15g}"
    return text if float(text) == value or "e" not in text else repr(value)


def number_shown(value: float, tokens: Pairs) -> str:
    """Return a number as the tokens of its section show it."""
    sign = "-" if value < 0 else ""
    if not any(kind == "digits" for kind, _ in tokens):
        general = plain_number(abs(value))
        parts = [general if kind == "general" else text for kind, text in tokens if kind != "mark"]
        return sign + "".join(parts)
    if any(kind == "exponent" for kind, _ in tokens):
        return sign + _scientific(abs(value), tokens)
    whole, decimals = _halves(tokens)
    amount = Decimal(plain_number(abs(value)))
    amount *= Decimal(100) ** sum(text == "%" for kind, text in tokens if kind == "mark")
    amount /= Decimal(1000) ** _scaling(tokens)
    places = sum(kind == "digits" for kind, _ in decimals)
    with localcontext(prec=60):
        amount = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    digits, _, rest = f"{amount:f}".partition(".")
    shown = _whole(digits.lstrip("0"), whole) + _decimals(rest, decimals)
    return (sign if amount else "") + shown


def _halves(tokens: Pairs) -> tuple[Pairs, Pairs]:
    """Split at the decimal point."""
    at = next((i for i, token in enumerate(tokens) if token == ("mark", ".")), len(tokens))
    return tokens[:at], tokens[at:]


def _scaling(tokens: Pairs) -> int:
    """Count the commas right behind the last digit: each divides by a thousand."""
    last = max(i for i, (kind, _) in enumerate(tokens) if kind == "digits")
    behind = "".join(text for _, text in tokens[last + 1 :])
    return len(behind) - len(behind.lstrip(","))


def _grouped(whole: Pairs) -> bool:
    text = "".join(text if kind in ("digits", "mark") else "" for kind, text in whole)
    return re.search(r"[0#?],+[0#?]", text) is not None


def _whole(digits: str, whole: Pairs) -> str:
    """Fill the digits before the point from the right; the first place takes all that is left."""
    first = next((i for i, (kind, _) in enumerate(whole) if kind == "digits"), 0)
    grouped, filled = _grouped(whole), 0
    shown: list[str] = []

    def put(digit: str) -> None:
        nonlocal filled
        if grouped and filled and filled % 3 == 0 and digit.strip():
            shown.append(",")
        shown.append(digit)
        filled += 1

    for position in range(len(whole) - 1, -1, -1):
        kind, text = whole[position]
        if kind == "digits":
            blank = {"0": "0", "?": " ", "#": ""}[text]
            put(digits[-1] if digits else blank)
            digits = digits[:-1]
            while position == first and digits:
                put(digits[-1])
                digits = digits[:-1]
        elif text == "%" or kind != "mark":
            shown.append(text)
    return "".join(reversed(shown))


def _decimals(rest: str, decimals: Pairs) -> str:
    """Fill the digits behind the point; zeros at places that need none are left out."""
    needed = 0
    for position, text in enumerate(t for kind, t in decimals if kind == "digits"):
        if text == "0" or rest[position] != "0":
            needed = position + 1
    shown, used = "", 0
    for kind, text in decimals:
        if kind == "digits":
            shown += rest[used] if used < needed else ("" if text == "#" else " ")
            used += 1
        elif kind != "mark" or text in ".%":
            shown += text
    return shown


def _scientific(value: float, tokens: Pairs) -> str:
    at = next(i for i, (kind, _) in enumerate(tokens) if kind == "exponent")
    _, decimals = _halves(tokens[:at])
    places = sum(kind == "digits" for kind, _ in decimals)
    width = sum(kind == "digits" for kind, _ in tokens[at:])
    mantissa, _, power = f"{value:.{places}E}".partition("E")
    sign = "-" if power.startswith("-") else ("+" if "+" in tokens[at][1] else "")
    return f"{mantissa}E{sign}{abs(int(power)):0{width}d}"
