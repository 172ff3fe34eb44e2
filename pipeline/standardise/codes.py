"""全国地方公共団体コード: municipality codes and their check digit."""

from __future__ import annotations


def check_digit(code: str) -> str:
    """Return the check digit of a five-digit municipality code.

    The digits are weighted 6, 5, 4, 3, 2; the check digit is the last digit of eleven minus
    the sum's remainder modulo eleven (総務省「全国地方公共団体コード仕様」; a sum below eleven
    gives the same result as the rule's special case).

    Parameters
    ----------
    code
        Five decimal digits, e.g. ``40100``.

    Raises
    ------
    ValueError
        If `code` is not five decimal digits.
    """
    if len(code) != 5 or not code.isascii() or not code.isdigit():
        raise ValueError(f"'{code}' is not five digits")
    total = sum(int(digit) * weight for digit, weight in zip(code, (6, 5, 4, 3, 2), strict=True))
    return str((11 - total % 11) % 10)
