"""Ids of a whole layer: which column holds them, and which are used twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.tiling.partition.buckets import read_bucket
from pipeline.tiling.partition.kernels import BUCKETS
from pipeline.tiling.partition.scan import ids_path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipeline.tiling.partition.scan import Recipe


@dataclass(frozen=True)
class Identity:
    """What the ids of a layer are.

    Attributes
    ----------
    column
        The column that holds them; ``None`` where features are numbered by position.
    repeated, least
        How many ids were in use already, and the least of these.
    kept
        Whether the column says more than ids and stays an attribute.
    """

    column: str | None
    repeated: int = 0
    least: int = 0
    kept: bool = False


def identify(runs: Sequence[Path], facts: Sequence[dict[str, Any]], recipe: Recipe) -> Identity:
    """Decide where the ids of a layer come from, after all of it has been seen."""
    paths = [ids_path(run) for run in runs if ids_path(run).exists()]
    if recipe.id_column is None:
        return Identity(None, *_repeated(paths))
    if not recipe.certain and any("id-unusable" in fact for fact in facts):
        return Identity(None)
    repeated, least = _repeated(paths)
    known = any(fact["rows"] for fact in facts)
    if not recipe.certain and (repeated or not known):
        return Identity(None)
    more = any(fact["id-incomplete"] for fact in facts)
    return Identity(recipe.id_column, repeated, least, more)


def _repeated(paths: list[Path]) -> tuple[int, int]:
    """Return how many ids repeat an earlier one, and the least of them."""
    total, least = 0, 2**64
    for bucket in range(BUCKETS):
        ordered = np.sort(
            np.concatenate([np.empty(0, np.uint64), *read_bucket(paths, bucket, "id")])
        )
        twice = ordered[1:][ordered[1:] == ordered[:-1]]
        if twice.size:
            total += int(twice.size)
            least = min(least, int(twice[0]))
    return total, least if total else 0
