"""World files: six numbers beside a picture that say where its upper left pixel is.

The numbers of the last two lines are of the *middle* of that pixel (ESRI; GDAL, "World file").
Programs that write its outer corner exist, and nothing in the file says which it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.findings import Catalogue, Finding

ENDINGS = {
    ".tif": (".tfw", ".tifw", ".wld"),
    ".tiff": (".tfw", ".tiffw", ".wld"),
    ".jpg": (".jgw", ".jpgw", ".wld"),
    ".jpeg": (".jgw", ".jpegw", ".wld"),
    ".png": (".pgw", ".pngw", ".wld"),
}
ALONE = frozenset(ending for endings in ENDINGS.values() for ending in endings)
SIDECARS = (".aux.xml", ".ovr", ".msk")
WHOLE = 1e-6
"""How near a quotient must be to a whole number to look like one."""
LONGEST = 4096

Transform = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class World:
    """A world file as read: the transform of pixel corners, and what is odd about it."""

    file: str
    transform: Transform
    findings: tuple[Finding, ...]


def world_file_of(path: Path) -> Path | None:
    """Return the world file beside a picture, whatever the case of its letters."""
    wanted = [path.stem.lower() + ending for ending in ENDINGS.get(path.suffix.lower(), ())]
    there = {p.name.lower(): p for p in path.parent.glob("*")} if path.parent.is_dir() else {}
    return next((there[name] for name in wanted if name in there), None)


def raster_files(path: Path) -> list[Path]:
    """Return every file that decides what a source is: world files and masks too."""
    world = world_file_of(path)
    beside = [Path(f"{path}{ending}") for ending in SIDECARS]
    return [path, *([world] if world else []), *(p for p in beside if p.is_file())]


def read_world(path: Path, shown: str) -> World:
    """Read a world file.

    Parameters
    ----------
    shown
        How messages name it.

    Raises
    ------
    SourceError
        If it does not hold six numbers that place a picture.
    """
    catalogue = Catalogue.of("pipeline.raster")
    with path.open("rb") as file:
        text = file.read(LONGEST + 1)
    words = text.decode("ascii", "replace").replace(",", ".").split()
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) != 6 or len(text) > LONGEST or not _places(numbers):
        said = " ".join(words)[:80]
        raise SourceError([catalogue.finding("worldfile-wrong", file=shown, value=said)])
    a, d, b, e, c, f = numbers
    transform = (a, b, c - a / 2 - b / 2, d, e, f - d / 2 - e / 2)
    found = []
    if b == d == 0 and _whole(c / a) and _whole(f / e):
        found.append(
            catalogue.finding(
                "worldfile-convention", file=shown, value=f"{c}, {f}", half=abs(a) / 2
            )
        )
    if a * e - b * d > 0:
        found.append(catalogue.finding("raster-mirrored", file=shown, value=f"{a}, {e}"))
    return World(shown, transform, tuple(found))


def _places(numbers: list[float]) -> bool:
    a, d, b, e, *_ = numbers
    return all(map(math.isfinite, numbers)) and a * e - b * d != 0


def _whole(value: float) -> bool:
    return abs(value - round(value)) < WHOLE


def apart(one: Transform, other: Transform, width: int, height: int) -> float:
    """Return how many pixels two transforms disagree at most, at the corners of a picture."""
    a, b, _, d, e, _ = one
    size = math.sqrt(abs(a * e - b * d)) or 1.0
    worst = 0.0
    for col, row in ((0, 0), (width, 0), (0, height), (width, height)):
        dx, dy = (
            sum(x * y for x, y in zip(one[k : k + 3], (col, row, 1), strict=True))
            - sum(x * y for x, y in zip(other[k : k + 3], (col, row, 1), strict=True))
            for k in (0, 3)
        )
        worst = max(worst, math.hypot(dx, dy) / size)
    return worst
