"""A small map of what is another in a layer, drawn without tiles, to be put into a page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import shapely

from pipeline.check.changes import METRES_PER_DEGREE
from pipeline.check.differences import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import NDArray

    from pipeline.check.changes import Comparison
    from pipeline.check.differences import Differences

    Floats = NDArray[np.float64]

WIDTH, HEIGHT, EDGE = 720, 480, 24
MOST_MARKS = 1000
"""Of one kind; the table names all."""
MOST_DOTS = 3000
"""Of unchanged features, which show where one is."""
SMALLEST_M = 200.0
"""Side of the ground that is shown at least."""
SIGNS = {
    "added": ("＋", "#00694f"),
    "removed": ("×", "#a3151b"),
    "changed": ("●", "#0b5394"),
    "moved": ("→", "#7a4a00"),
    "reshaped": ("◇", "#5b2c83"),
}
"""How each kind is drawn: told apart by form as well as by colour, 4.5:1 on white."""


@dataclass(frozen=True)
class _Frame:
    """From longitude and latitude to the drawing, at the scale of its middle."""

    west: float
    north: float
    east_scale: float
    north_scale: float

    @classmethod
    def around(cls, points: Floats) -> _Frame:
        west, south = points.min(axis=0)
        east, north = points.max(axis=0)
        lat = (south + north) / 2
        per_east = METRES_PER_DEGREE * math.cos(math.radians(lat))
        metres = max(
            (east - west) * per_east / (WIDTH - 2 * EDGE),
            (north - south) * METRES_PER_DEGREE / (HEIGHT - 2 * EDGE),
            SMALLEST_M / (HEIGHT - 2 * EDGE),
        )
        across, up = per_east / metres, METRES_PER_DEGREE / metres
        return cls((west + east) / 2 - WIDTH / 2 / across, lat + HEIGHT / 2 / up, across, up)

    def place(self, points: Floats) -> Floats:
        """Return pixels, shape (n, 2)."""
        return np.column_stack(
            [
                (points[:, 0] - self.west) * self.east_scale,
                (self.north - points[:, 1]) * self.north_scale,
            ]
        )

    @property
    def pixels_per_metre(self) -> float:
        return self.north_scale / METRES_PER_DEGREE


def draw(compared: Comparison, found: Differences, title: tuple[str, str]) -> str:
    """Return an SVG of where features were added, removed, changed or moved; empty without any.

    Parameters
    ----------
    title
        Of the layer, ``(ja, en)``.
    """
    rows = found.rows[found.rows["kind"].isin(SIGNS)]
    before, after = (_middles(f.geometry.to_numpy()) for f in (compared.before, compared.after))
    marks = {kind: _marks(rows[rows["kind"] == kind], before, after) for kind in SIGNS}
    marks = {kind: pairs for kind, pairs in marks.items() if len(pairs)}
    if not marks:
        return ""
    ends = np.concatenate([pairs.reshape(-1, 2) for pairs in marks.values()])
    frame = _Frame.around(ends[np.isfinite(ends).all(axis=1)])
    parts = [*_ground(frame, after)]
    for kind, pairs in marks.items():
        parts.extend(_drawn(kind, frame, pairs[:MOST_MARKS]))
    parts.extend(_scale(frame))
    return _svg(parts, marks, title)


def _middles(shapes: NDArray[np.object_]) -> Floats:
    middles = shapely.centroid(shapes)
    return np.column_stack([shapely.get_x(middles), shapely.get_y(middles)])


def _marks(rows: pd.DataFrame, before: Floats, after: Floats) -> Floats:
    """Return where each difference was and is, shape (n, 2, 2), without those of no place."""
    here, there = rows["before"].to_numpy(), rows["after"].to_numpy()
    both = np.unique(np.column_stack([here, there]), axis=0)
    nowhere = np.full((1, 2), np.nan)
    was = np.concatenate([before, nowhere])[both[:, 0]]
    now = np.concatenate([after, nowhere])[both[:, 1]]
    was, now = np.where(np.isnan(was), now, was), np.where(np.isnan(now), was, now)
    pairs = np.stack([was, now], axis=1)
    known: Floats = pairs[np.isfinite(pairs).all(axis=(1, 2))]
    return known


def _ground(frame: _Frame, after: Floats) -> Iterator[str]:
    """Yield dots of what there is, thinned evenly."""
    known = after[np.isfinite(after).all(axis=1)]
    step = max(1, math.ceil(len(known) / MOST_DOTS))
    pixels = frame.place(known[::step])
    inside = ((pixels >= 0) & (pixels <= (WIDTH, HEIGHT))).all(axis=1)
    dots = "".join(f"M{x:.0f} {y:.0f}h1" for x, y in pixels[inside].tolist())
    if dots:
        yield f'<path d="{dots}" stroke="#b6bec8" stroke-width="3" stroke-linecap="round"/>'


def _drawn(kind: str, frame: _Frame, pairs: Floats) -> Iterator[str]:
    color = SIGNS[kind][1]
    was, now = frame.place(pairs[:, 0]), frame.place(pairs[:, 1])
    if kind == "moved":
        for (a, b), (x, y) in zip(was.tolist(), now.tolist(), strict=True):
            yield f'<path d="M{a:.0f} {b:.0f}L{x:.0f} {y:.0f}" class="c" stroke="{color}"/>'
            yield f'<circle cx="{a:.0f}" cy="{b:.0f}" r="4" class="c" stroke="{color}"/>'
            yield f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4" fill="{color}"/>'
        return
    form = {
        "added": "m-6 0h12m-6 -6v12", "removed": "m-5 -5l10 10m0 -10l-10 10",
        "changed": "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0", "reshaped": "m0 -6l6 6l-6 6l-6 -6z",
    }[kind]  # fmt: skip
    path = "".join(f"M{x:.0f} {y:.0f}{form}" for x, y in now.tolist())
    yield f'<path d="{path}" class="c" stroke="{color}" stroke-width="2.5"/>'


def _scale(frame: _Frame) -> Iterator[str]:
    """Yield a bar of a round number of metres, at most a third as wide as the drawing."""
    most = WIDTH / 3 / frame.pixels_per_metre
    power = 10 ** math.floor(math.log10(most))
    metres = next(n * power for n in (5, 2, 1) if n * power <= most)
    wide = metres * frame.pixels_per_metre
    said = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"
    yield f'<path d="M{EDGE} {HEIGHT - 12}v6h{wide:.0f}v-6" class="c" stroke="#1b1f24"/>'
    yield f'<text x="{EDGE + wide + 6:.0f}" y="{HEIGHT - 6}" font-size="13">{said}</text>'


def _svg(parts: list[str], marks: dict[str, Floats], title: tuple[str, str]) -> str:
    told = [(KINDS[kind], len(pairs), SIGNS[kind][0]) for kind, pairs in marks.items()]
    ja = "、".join(f"{kind[0]} {count:,}" for kind, count, _ in told)
    en = ", ".join(f"{count:,} {kind[1]}" for kind, count, _ in told)
    left = any(len(pairs) > MOST_MARKS for pairs in marks.values())
    key = "　".join(f"{sign} {kind[0]} {kind[1]} {count:,}" for kind, count, sign in told)
    if left:
        key += f"　（各 {MOST_MARKS:,} 件まで the first {MOST_MARKS:,} of each）"
    label = escape(f"{title[0]} の違い：{ja}。 {title[1]}: {en}.")
    body = "".join(parts)
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}"'
        ' style="max-width:100%;height:auto;border:1px solid #c9d0d8" fill="none">'
        "<style>.c{fill:none;stroke-width:2}text{fill:#1b1f24}</style>"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{body}</svg>'
        f"<figcaption>{escape(key)}</figcaption></figure>"
    )
