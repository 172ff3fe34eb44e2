"""A layer of generated buildings as the product publishes it, and what is asked of it."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import geopandas as gpd
import numpy as np
from jinja2 import Environment, FileSystemLoader

from benchmarks.tiles import cities

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 352012
IN_A_BOX = 100
HERE = Path(__file__).resolve().parent
TEMPLATES = Environment(loader=FileSystemLoader(HERE), autoescape=False)


@dataclass(frozen=True)
class City:
    """A published layer.

    Attributes
    ----------
    data
        The folder that holds ``releases/``.
    frame
        Its features as published.
    seconds
        How long the whole build took; 0 if it was there already.
    """

    data: Path
    frame: gpd.GeoDataFrame
    seconds: float

    def file(self, suffix: str) -> Path:
        """Return an artefact of the layer."""
        return self.data / f"releases/current/layers/buildings/buildings.{suffix}"


def publish(count: int, folder: Path) -> City:
    """Build a release of `count` buildings in `folder`, or find it built."""
    folder = folder.resolve()  # sources are found from where the declaration is
    data, seconds = folder / "data", 0.0
    if not (data / "releases/current").exists():
        folder.mkdir(parents=True, exist_ok=True)
        frame = cities.buildings(count).rename(columns={"id": "number"})
        frame.set_crs(6668, allow_override=True).to_file(folder / "buildings.fgb")
        text = TEMPLATES.get_template("layers.yaml.j2").render()
        (folder / "layers.yaml").write_text(text, encoding="utf-8")
        command = [Path(sys.executable).parent / "tonari", "build", "-c", folder / "layers.yaml"]
        started = time.perf_counter()
        subprocess.run([*map(str, command), "--data", str(data)], check=True)
        seconds = time.perf_counter() - started
    frame = gpd.read_parquet(data / "releases/current/layers/buildings/buildings.parquet")
    return City(data, frame, seconds)


def questions(city: City, count: int) -> dict[str, list[str]]:
    """Return the queries of each kind, the same for everybody and every time.

    Boxes are around buildings chosen by chance and as wide as a hundred buildings take there.
    """
    chance = np.random.default_rng([SEED, len(city.frame)])
    chosen = city.frame.iloc[chance.integers(0, len(city.frame), count)]
    return {
        "box of about 100": [f"bbox={box}&limit=1000" for box in _boxes(city, chosen)],
        "text value, first 100": [f"use={quote(use)}&limit=100" for use in chosen["use"]],
        "number value": [f"area={area}&limit=100" for area in chosen["area"]],
        "two values": [
            f"year={year}&floors={floors}&limit=100"
            for year, floors in zip(chosen["year"], chosen["floors"], strict=True)
        ],
        "one feature by id": [str(identity) for identity in chosen["id"]],
    }


def _boxes(city: City, chosen: gpd.GeoDataFrame) -> Iterator[str]:
    bounds = city.frame.bounds.to_numpy()
    middles = (bounds[:, :2] + bounds[:, 2:]) / 2
    for west, south, east, north in chosen.bounds.to_numpy():
        x, y = (west + east) / 2, (south + north) / 2
        away = np.abs(middles - (x, y)).max(axis=1)
        half = np.partition(away, IN_A_BOX)[IN_A_BOX] if len(away) > IN_A_BOX else 1.0
        yield ",".join(f"{side:.7f}" for side in (x - half, y - half, x + half, y + half))
