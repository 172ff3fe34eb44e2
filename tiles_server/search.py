"""What can be searched for on a map: the columns its layers were built with, and its stops."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipeline.standardise.search_keys import kanji_variants, search_key
from tiles_server import transit
from tiles_server.errors import UnknownNameError
from tiles_server.manifest import Feed
from tiles_server.maps import parts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tiles_server.maps import Part
    from tiles_server.releases import Release


def search_index(release: Release, name: str, language: str) -> dict[str, Any]:
    """Return the search index of map `name`.

    ``kanji`` maps old forms of kanji to those of the keys; each of ``layers`` has the columns of
    :func:`pipeline.write.search.search_columns`.

    Raises
    ------
    UnknownNameError
        If there is no such map, or a file has been pruned since.
    """
    drawn = parts(release, release.map(name), language)
    return {
        "kanji": kanji_variants(),
        "layers": [
            {"layer": part.name, "title": part.title} | columns
            for part in drawn
            for columns in _columns(release, part)
        ],
    }


def _columns(release: Release, part: Part) -> Iterator[dict[str, Any]]:
    is_feed = isinstance(part.published, Feed)
    path = part.published.artefacts.get("stops" if is_feed else "search")
    if path is None:
        return
    try:
        yield _stops(release.folder / path) if is_feed else _read(release.folder / path)
    except FileNotFoundError:
        raise UnknownNameError(f"release {release.id} is not kept any more") from None


@lru_cache(maxsize=32)
def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


@lru_cache(maxsize=32)
def _stops(path: Path) -> dict[str, Any]:
    """Return the stops of a feed as columns; poles of one place are found as that place."""
    features = json.loads(path.read_bytes())["features"]
    shown = [f for f in features if f.get("geometry") and not f["properties"].get("parent")]
    names = [" ".join(str(f["properties"].get("name", "")).split()) for f in shown]
    keys = [search_key(name) for name in names]
    return {
        "inner": transit.STOPS,
        "names": "\n".join(names),
        "keys": "\n".join("" if k == n else k for k, n in zip(keys, names, strict=True)),
        "also": "\n".join(search_key(str(f["properties"].get("name_en", ""))) for f in shown),
        "ids": [f["id"] for f in shown],
        "x": [f["geometry"]["coordinates"][0] for f in shown],
        "y": [f["geometry"]["coordinates"][1] for f in shown],
    }
