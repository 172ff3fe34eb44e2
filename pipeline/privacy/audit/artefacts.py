"""Names of fields in every file of a layer, decoded: none may be there that is not declared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.privacy.audit.pictures import in_archive, in_cog
from pipeline.privacy.audit.readers import (
    in_borders,
    in_csv,
    in_features,
    in_geojson,
    in_originals,
    in_parquet,
    in_search,
    in_table_schema,
)
from pipeline.standardise.headings import LABEL
from pipeline.tiling.reduce.strategies import CLUSTER_FIELD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

OWN = frozenset({"id", "municipality_code", "geometry", "longitude", "latitude", "bbox"})
"""Fields that published files get by themselves."""


def undeclared(
    path: Path, kind: str, declared: set[str], headings: Mapping[str, str] | None = None
) -> list[str]:
    """Return names of fields in a file that are neither declared nor our own, in order.

    Parameters
    ----------
    headings
        Of the columns of a CSV file, by name; words of a code are of the field that has it.

    Raises
    ------
    KeyError
        If nobody can look into files of that kind.
    """
    found = dict.fromkeys(READERS[kind](path))
    if kind == "csv":
        column = {said: name for name, said in (headings or {}).items()}
        found = dict.fromkeys(column.get(name, name) for name in found)
    words = {name + LABEL for name in declared}
    known = declared | OWN | (words if headings else set())
    return [name for name in found if name not in known and not _of_ours(name)]


def _of_ours(name: str) -> bool:
    """Tell whether our own engine puts such a field into tiles (how many were put together)."""
    return name == CLUSTER_FIELD


READERS: dict[str, Callable[[Path], Iterator[str]]] = {
    "parquet": in_parquet,
    "geojson": in_geojson,
    "csv": in_csv,
    "csv-metadata": in_table_schema,
    "features": in_features,
    "pmtiles": in_archive,
    "cog": in_cog,
    "search": in_search,
    "borders": in_borders,
    "originals": in_originals,
}
"""How to look into each kind of file a layer may have."""
