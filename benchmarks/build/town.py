"""A town of many layers for builds: the same every time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pathlib import Path

SEED = 401005


def write_town(folder: Path, layers: int, features: int, sources: int = 1) -> None:
    """Write ledgers and the declaration of `layers` layers of `features` points each."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(SEED)
    declared = {}
    for layer in range(layers):
        paths = [f"l{layer}_{number}.csv" for number in range(sources)]
        for path in paths:
            write_ledger(folder / path, chance, features // sources)
        declared[f"layer_{layer}"] = _layer(layer, paths)
    document = {
        "publisher": {"name": {"ja": "試し市"}, "code": "401005", "licence": "CC0-1.0"},
        "municipalities": {"k": {"code": "401005", "name": {"ja": "試し市"}, "crs": "EPSG:6668"}},
        "layers": declared,
    }
    with (folder / "layers.yaml").open("w", encoding="utf-8") as stream:
        YAML().dump(document, stream)


def _layer(number: int, paths: list[str]) -> dict[str, object]:
    source = {"municipality": "k", "encoding": "utf-8",
              "geometry": {"x": "x", "y": "y", "crs": "EPSG:6668"}}  # fmt: skip
    return {
        "title": {"ja": f"層 {number}"},
        "id": ["no"],
        "fields": {"no": {"title": {"ja": "番号"}}, "use": {"title": {"ja": "用途"}}},
        "sources": [source | {"path": path} for path in paths],
        "privacy": {"publish": ["no", "use"]},
    }


def write_ledger(path: Path, chance: np.random.Generator, rows: int) -> None:
    """Write one ledger of points in Kitakyushu."""
    x = 130.75 + chance.random(rows) / 5
    y = 33.82 + chance.random(rows) / 10
    use = chance.integers(0, 12, rows)
    lines = [
        f"{path.stem}-{i},用途{u},{a:.6f},{b:.6f}"
        for i, (u, a, b) in enumerate(zip(use, x, y, strict=True))
    ]
    path.write_text("\n".join(["no,use,x,y", *lines, ""]), encoding="utf-8")


def edit_one_row(path: Path) -> None:
    """Give the first record of a ledger another use."""
    lines = path.read_text(encoding="utf-8").split("\n")
    cells = lines[1].split(",")
    lines[1] = ",".join([cells[0], "別の用途", *cells[2:]])
    path.write_text("\n".join(lines), encoding="utf-8")


def build(folder: Path, data: str, *options: str) -> float:
    """Run ``tonari build``; return the seconds it took.

    Raises
    ------
    RuntimeError
        If it fails.
    """
    began = time.perf_counter()
    command = [sys.executable, "-m", "tonari", "build", "--data", data, *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return time.perf_counter() - began


def cores() -> int:
    """Return how many processors a build may use."""
    return len(os.sched_getaffinity(0))
