"""What an unknown picture may be: a photograph, a scan, classes or heights. A guess, with its why.

The middle of the picture is looked at, no more: an unknown file may be large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rasterio.windows import Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pipeline.config.rasters import RasterKind

SAMPLE = 512
MOST_CLASSES = 40
"""Different values of a raster of classes; the longest land use list of Japan has 17 (L03-b)."""
PAPER = 0.25
"""Share of the commonest colour from which a picture looks drawn; of a photograph it is small."""


@dataclass(frozen=True)
class Guess:
    """A kind, and what speaks for it in both languages."""

    kind: RasterKind
    ja: str
    en: str


def guess_kind(opened: Any) -> Guess:
    """Guess of which kind an open picture is, from its bands, their type and its middle."""
    roles = [role.name for role in opened.colorinterp]
    dtype = str(np.dtype(opened.dtypes[0]))
    colors = [role for role in roles if role != "alpha"]
    if len(colors) == 1 and dtype != "uint8":
        return Guess("elevation", f"{dtype} の 1 バンド", f"one band of {dtype}")
    if len(colors) == 1:
        return _single(opened, roles[0] == "palette")
    if dtype == "uint16":
        return Guess("photo", "16 ビットのカラー", "colour in 16 bits")
    if dtype != "uint8":
        return Guess(
            "elevation", f"{dtype} の {len(colors)} バンド", f"{len(colors)} bands of {dtype}"
        )
    share = _commonest(sample_of(opened)[:3])
    percent = f"{100 * share:.0f}%"
    if share >= PAPER:
        return Guess("scan", f"同じ色が {percent}", f"{percent} of it has one colour")
    return Guess("photo", f"色が細かく異なる（最多の色が {percent}）",
                 f"colours vary (the commonest has {percent})")  # fmt: skip


def sample_of(opened: Any) -> NDArray[Any]:
    """Return the middle, at most 512 pixels a side, shape ``(bands, rows, columns)``."""
    wide, high = min(SAMPLE, opened.width), min(SAMPLE, opened.height)
    window = Window((opened.width - wide) // 2, (opened.height - high) // 2, wide, high)
    return np.asarray(opened.read(window=window))


def _single(opened: Any, palette: bool) -> Guess:
    if opened.tags(1, ns="IMAGE_STRUCTURE").get("NBITS") == "1":
        return Guess("scan", "1 ビット", "one bit per pixel")
    count = len(np.unique(sample_of(opened)[0]))
    if palette and opened.transform.is_identity:
        return Guess("scan", "色の表があり、位置がない", "a palette and no position")
    if palette and count <= MOST_CLASSES:
        return Guess("classes", f"色の表があり、値が {count} 種類", f"a palette and {count} values")
    if palette:
        return Guess("scan", f"色の表に {count} 色", f"a palette of {count} colours")
    if 1 < count <= MOST_CLASSES:
        return Guess("classes", f"値が {count} 種類だけ", f"only {count} values")
    return Guess("scan", "8 ビットの白黒", "grey in 8 bits")


def _commonest(bands: NDArray[Any]) -> float:
    """Return the share of the commonest colour, neighbours of 16 being one."""
    codes = np.zeros(bands.shape[1:], np.int64)
    for band in bands:
        codes = codes * 16 + (band >> 4)
    return float(np.bincount(codes.ravel()).max() / max(codes.size, 1))
