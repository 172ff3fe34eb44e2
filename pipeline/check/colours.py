"""Whether colours of a map can be told apart, also by people who see fewer of them.

WCAG 2 contrast; CIEDE2000 (Sharma, Wu, Dalal 2005) in CIELAB for D65; colour vision after Machado,
Oliveira, Fernandes 2009 at severity 1.0, whose matrices take linear sRGB.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Triple = tuple[float, float, float]
Matrix = tuple[Triple, Triple, Triple]

APART = 10.0
"""Distance from which two colours are told apart in a legend."""

CONFUSED = 5.0
"""Distance under which they are taken for each other."""

VISIONS: Mapping[str, Matrix] = {
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
_TO_XYZ: Matrix = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE: Triple = (0.95047, 1.0, 1.08883)


@dataclass(frozen=True)
class Confusion:
    """Two colours that somebody takes for each other.

    Attributes
    ----------
    first, second
        What they stand for.
    vision
        Of :data:`VISIONS`, the one in which they are closest.
    distance
        CIEDE2000 in it.
    """

    first: str
    second: str
    vision: str
    distance: float


def linear(color: str) -> Triple:
    """Return linear red, green and blue of ``#rrggbb``, each from 0 to 1."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _linear(red), _linear(green), _linear(blue)


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2), from 1 to 21."""
    low, high = sorted(_luminance(linear(color)) for color in (first, second))
    return (high + 0.05) / (low + 0.05)


def blended(color: str, opacity: float, ground: str = "#ffffff") -> str:
    """Return what `color` looks like over `ground`."""
    parts = (
        round(opacity * int(color[at : at + 2], 16) + (1 - opacity) * int(ground[at : at + 2], 16))
        for at in (1, 3, 5)
    )
    return "#" + "".join(f"{part:02x}" for part in parts)


def distance(first: str, second: str, vision: str = "normal") -> float:
    """Return the CIEDE2000 distance of two colours as a kind of vision has them."""
    return ciede2000(_seen(first, vision), _seen(second, vision))


def closest(first: str, second: str) -> tuple[str, float]:
    """Return the vision in which two colours are closest, and their distance in it."""
    found = {vision: distance(first, second, vision) for vision in VISIONS}
    vision = min(found, key=lambda name: found[name])
    return vision, found[vision]


def confusions(colors: Mapping[str, str], below: float = CONFUSED) -> Iterator[Confusion]:
    """Yield every two of `colors` (by what they stand for) that are closer than `below`."""
    for (first, one), (second, other) in combinations(colors.items(), 2):
        vision, apart = closest(one, other)
        if apart < below:
            yield Confusion(first, second, vision, apart)


def proposal(color: str, others: Sequence[str]) -> str:
    """Return the lightness of `color` nearest to it that is told apart from `others`; "" if none.

    Hue and chroma stay as far as sRGB has them: what the colour means is in its hue.
    """
    light, a, b = _lab(linear(color))
    for step in range(1, 21):
        for way in (-3, 3):
            moved = _hex(light + way * step, a, b)
            if moved and all(closest(moved, other)[1] >= APART for other in others):
                return moved
    return ""


def ciede2000(first: Triple, second: Triple) -> float:
    """Return the CIEDE2000 distance of two colours in CIELAB."""
    (l1, a1, b1), (l2, a2, b2) = first, second
    mean_c7 = ((math.hypot(a1, b1) + math.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - math.sqrt(mean_c7 / (mean_c7 + 25**7)))
    (c1, h1), (c2, h2) = _polar(a1 * (1 + g), b1), _polar(a2 * (1 + g), b2)
    turn, mean_h = _hues(c1, h1, c2, h2)
    mean_l, mean_c = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * _cos(mean_h - 30)
        + 0.24 * _cos(2 * mean_h)
        + 0.32 * _cos(3 * mean_h + 6)
        - 0.20 * _cos(4 * mean_h - 63)
    )
    dl = (l2 - l1) / (1 + 0.015 * (mean_l - 50) ** 2 / math.sqrt(20 + (mean_l - 50) ** 2))
    dc = (c2 - c1) / (1 + 0.045 * mean_c)
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2)) / (1 + 0.015 * mean_c * t)
    turning = 30 * math.exp(-(((mean_h - 275) / 25) ** 2))
    rotation = -2 * math.sqrt(mean_c**7 / (mean_c**7 + 25**7)) * math.sin(math.radians(2 * turning))
    return math.sqrt(max(0.0, dl**2 + dc**2 + dh**2 + rotation * dc * dh))


def _hues(c1: float, h1: float, c2: float, h2: float) -> tuple[float, float]:
    """Return difference and mean of two hues in degrees, the short way round."""
    if c1 * c2 == 0:
        return 0.0, h1 + h2
    turn, total = h2 - h1, h1 + h2
    if abs(turn) <= 180:
        return turn, total / 2
    return turn - math.copysign(360, turn), (total + (360 if total < 360 else -360)) / 2


def _polar(a: float, b: float) -> tuple[float, float]:
    return math.hypot(a, b), math.degrees(math.atan2(b, a)) % 360


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))


def _seen(color: str, vision: str) -> Triple:
    red, green, blue = (min(1.0, max(0.0, part)) for part in _times(VISIONS[vision], linear(color)))
    return _lab((red, green, blue))


def _lab(rgb: Triple) -> Triple:
    x, y, z = (
        _root(part / white) for part, white in zip(_times(_TO_XYZ, rgb), _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _hex(light: float, a: float, b: float) -> str:
    """Return the sRGB colour at a place in CIELAB, or "" if it has none."""
    y = (light + 16) / 116
    x, z = y + a / 500, y - b / 200
    xyz = [_cube(part) * white for part, white in zip((x, y, z), _WHITE, strict=True)]
    inverse: Matrix = (
        (3.2404542, -1.5371385, -0.4985314),
        (-0.9692660, 1.8760108, 0.0415560),
        (0.0556434, -0.2040259, 1.0572252),
    )
    rgb = _times(inverse, (xyz[0], xyz[1], xyz[2]))
    if not all(-0.02 <= part <= 1.02 for part in rgb):
        return ""
    return "#" + "".join(f"{round(255 * _gamma(min(1.0, max(0.0, p)))):02x}" for p in rgb)


def _times(matrix: Matrix, v: Triple) -> Triple:
    first, second, third = (r[0] * v[0] + r[1] * v[1] + r[2] * v[2] for r in matrix)
    return first, second, third


def _luminance(rgb: Triple) -> float:
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def _gamma(part: float) -> float:
    return 12.92 * part if part <= 0.0031308 else float(1.055 * part ** (1 / 2.4) - 0.055)


def _root(part: float) -> float:
    return float(part ** (1 / 3)) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116


def _cube(part: float) -> float:
    return part**3 if part**3 > 216 / 24389 else (116 * part - 16) * 27 / 24389
