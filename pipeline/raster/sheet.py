"""A sheet: one picture of a raster, where it lies, and which of its pixels count."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.rasters import Method

Pair = tuple[float, float]


@dataclass(frozen=True)
class Sheet:
    """One picture with its position.

    Attributes
    ----------
    file
        Path as declared, or the name of a file that reading made.
    origin
        How messages name what it was read from, where `file` was made; decides no pixel.
    made
        Whether reading made it: it then lies in the folder of the step.
    sha256
        Of what it was read from.
    width, height, bands, dtype
        Of the picture.
    crs
        Text that PROJ reads.
    transform
        ``a b c d e f``: x = a·column + b·row + c, y = d·column + e·row + f; corners are whole.
    method, pixels, ground
        Control points instead of `transform`.
    nodata
        Value of empty pixels.
    colors
        Colour table, ``(r, g, b, a)`` by value; empty without one.
    alpha
        Number of the band that says how opaque a pixel is; 0 without one.
    cut
        Corners of the map in pixels: outside is paper.
    paper
        ``(r, g, b, tolerance)`` of paper at the edge.
    """

    file: str
    made: bool
    sha256: str
    width: int
    height: int
    bands: int
    dtype: str
    crs: str
    transform: tuple[float, float, float, float, float, float] = (1, 0, 0, 0, 1, 0)
    method: Method | None = None
    pixels: tuple[Pair, ...] = ()
    ground: tuple[Pair, ...] = ()
    nodata: float | None = None
    colors: tuple[tuple[int, int, int, int], ...] = ()
    alpha: int = 0
    cut: tuple[Pair, ...] = ()
    paper: tuple[int, int, int, int] | None = None
    origin: str = ""

    def path(self, root: Path, folder: Path) -> Path:
        """Return where the picture is: below the declaration, or in the folder of its step."""
        return (folder if self.made else root) / self.file

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping."""
        return asdict(self)


def _pairs(values: list[list[float]]) -> tuple[Pair, ...]:
    return tuple((float(x), float(y)) for x, y in values)


def sheet_of(record: dict[str, Any]) -> Sheet:
    """Return the sheet of which :meth:`Sheet.as_dict` made `record`, also through JSON."""
    a, b, c, d, e, f = record["transform"]
    paper = record["paper"]
    return Sheet(
        **record
        | {
            "transform": (a, b, c, d, e, f),
            "pixels": _pairs(record["pixels"]),
            "ground": _pairs(record["ground"]),
            "cut": _pairs(record["cut"]),
            "colors": tuple((r, g, b, a) for r, g, b, a in record["colors"]),
            "paper": None if paper is None else (paper[0], paper[1], paper[2], paper[3]),
        }
    )
