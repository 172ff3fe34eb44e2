"""Finding what a release holds: by words, theme and municipality, in titles and in the data."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.features.reading import FeatureIndex
from tiles_server.errors import BrokenReleaseError
from tiles_server.manifest import Feed, Layer, read_manifest
from tiles_server.textsearch import folded, pattern_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tiles_server.manifest import FieldInfo, Manifest, Map, Published, Words
    from tiles_server.releases import Release, Releases

MOST_ROWS = 300_000
"""Rows that one search over everything reads, smallest layers first; what is left out is said."""
DATA = ("parquet", "gtfs", "cog")
"""Files that hold all of a layer or feed."""
LOOKED_AT, TOLD = 6, 3
"""Kept releases that are compared, and how many of them are told of."""


@dataclass(frozen=True)
class Asked:
    """What a reader looks for; empty parts do not count."""

    text: str = ""
    theme: str = ""
    town: str = ""

    @property
    def anything(self) -> bool:
        """Whether anything is left out."""
        return bool(self.text.strip() or self.theme or self.town)


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes
    ----------
    layers, feeds, maps
        By name, in the order of the release.
    fields
        Of the layers found: fields in whose name or title every word is.
    rows
        Layers in whose rows the words are, and in how many.
    stops
        Feeds with stops of that name, and how many.
    unread
        Layers whose rows were not looked at because there are too many.
    """

    layers: Mapping[str, Layer]
    feeds: Mapping[str, Feed]
    maps: Mapping[str, Map]
    fields: Mapping[str, tuple[FieldInfo, ...]] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    stops: Mapping[str, int] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many layers, feeds and maps there are."""
        return len(self.layers) + len(self.feeds) + len(self.maps)


def find(release: Release, asked: Asked) -> Found:
    """Return what a release holds of what is looked for.

    A layer made from others has no municipality of its own and is there for each of them; a map
    has no theme and no municipality, so it is found by words alone.
    """
    manifest, words = release.manifest, words_of(asked.text)
    fields = {n: _fields(layer, words) for n, layer in manifest.layers.items()}
    layers = {
        n: one
        for n, one in manifest.layers.items()
        if _chosen(one, asked) and (fields[n] or _said(words, _texts(manifest, n, one)))
    }
    feeds = {
        n: one
        for n, one in manifest.feeds.items()
        if _chosen(one, asked) and _said(words, _texts(manifest, n, one))
    }
    by_words = not (asked.theme or asked.town)
    maps = {
        n: one
        for n, one in manifest.maps.items()
        if by_words and _said(words, _texts(manifest, n, one))
    }
    if not words:
        return Found(layers, feeds, maps)
    rows, unread = _rows(release, asked, words)
    told = {name: fields[name] for name in layers if fields[name]}
    return Found(layers, feeds, maps, told, rows, _stops(release, asked, words), unread)


def _chosen(one: Published, asked: Asked) -> bool:
    if asked.theme and one.theme != asked.theme:
        return False
    towns = {s.municipality for s in one.sources} | {c for s in one.sources for c in s.codes}
    return not asked.town or not towns - {""} or asked.town in towns


def _said(words: tuple[str, ...], texts: Iterator[str]) -> bool:
    if not words:
        return True
    text = folded("\n".join(texts))
    return all(word in text for word in words)


def _texts(manifest: Manifest, name: str, one: Published | Map) -> Iterator[str]:
    yield name
    yield from _both(one.title, one.description)
    if isinstance(one, Layer | Feed):
        yield from (one.attribution, *one.keywords)
        codes = {code for source in one.sources for code in source.codes}
        for town in manifest.municipalities.values():
            if town.code in codes:
                yield from _both(town.name)
    if isinstance(one, Layer):
        for style in one.style.classes:
            yield from (str(style.value), *_both(style.label))
    if isinstance(one, Feed):
        yield from _both(one.operator.name)


def _both(*said: Words) -> Iterator[str]:
    for words in said:
        yield from (words.ja, words.en)


def _fields(layer: Layer, words: tuple[str, ...]) -> tuple[FieldInfo, ...]:
    if not words:
        return ()
    return tuple(
        column for column in layer.fields if _said(words, iter((column.name, *_both(column.title))))
    )


def _rows(
    release: Release, asked: Asked, words: tuple[str, ...]
) -> tuple[dict[str, int], tuple[str, ...]]:
    found, unread, left = {}, [], MOST_ROWS
    layers = {n: one for n, one in release.manifest.layers.items() if _chosen(one, asked)}
    for name in sorted(layers, key=lambda name: layers[name].features):
        index = release.indexes.get(name)
        if not isinstance(index, FeatureIndex):
            continue  # a raster, or a release of before there were indexes
        left -= index.rows
        if left < 0:
            unread.append(name)
            continue
        # Every word in one row, in whichever field: as the table of the layer looks for them.
        hits = [
            set(index.containing([c.name for c in layers[name].columns], partial(pattern_of, w)))
            for w in words
        ]
        if number := len(set.intersection(*hits)):
            found[name] = number
    return {name: found[name] for name in layers if name in found}, tuple(unread)


def _stops(release: Release, asked: Asked, words: tuple[str, ...]) -> dict[str, int]:
    found = {}
    for name, feed in release.manifest.feeds.items():
        path = feed.artefacts.get("stops")
        if path is not None and _chosen(feed, asked):
            texts = _stop_names(release.folder / path)
            if number := sum(all(word in text for word in words) for text in texts):
                found[name] = number
    return found


@lru_cache(maxsize=32)
def _stop_names(path: Path) -> tuple[str, ...]:
    """Return the names of the stops of a feed, folded, each place once."""
    try:
        features = json.loads(path.read_bytes())["features"]
    except FileNotFoundError:  # pruned since; the next request finds the new release
        return ()
    stops = [f["properties"] for f in features if not f["properties"].get("parent")]
    return tuple(folded(f"{stop.get('name', '')}\n{stop.get('name_en', '')}") for stop in stops)


@dataclass(frozen=True)
class Change:
    """What became of one layer or feed: ``added``, ``changed`` or ``removed``."""

    what: str
    section: str
    name: str
    title: Words
    served: bool


def lately(releases: Releases, release: Release) -> list[tuple[str, list[Change]]]:
    """Return the latest kept releases in which data changed, newest first, with what changed.

    Files tell it, not builds: a layer that was made again and came out the same has not changed.
    """
    names = sorted(
        folder.name
        for folder in releases.folder.glob("*-*")
        if folder.name <= release.id and (folder / "manifest.json").is_file()
    )[-LOOKED_AT:]
    outlines = [found for name in names if (found := _outline(releases.folder / name))]
    told = []
    for (_, before), (created, after) in pairwise(outlines):
        changes = [
            _change(key, before, after, release.manifest)
            for key in {**after, **before}
            if before.get(key, (None, ""))[1] != after.get(key, (None, ""))[1]
        ]
        if changes:
            told.append((created, changes))
    return told[::-1][:TOLD]


Key = tuple[str, str]
Outline = dict[Key, tuple["Words", str]]


def _change(key: Key, before: Outline, after: Outline, manifest: Manifest) -> Change:
    section, name = key
    what = "added" if key not in before else "removed" if key not in after else "changed"
    served = name in (manifest.layers if section == "layers" else manifest.feeds)
    title, _ = after.get(key) or before[key]
    return Change(what, section, name, title, served)


@lru_cache(maxsize=2 * LOOKED_AT)
def _outline(folder: Path) -> tuple[str, Outline] | None:
    """Return when a release was made, and title and checksum of the data of all it has.

    None if it cannot be read: one that is kept from before the format, or is just being pruned.
    """
    try:
        manifest = read_manifest(folder)
    except BrokenReleaseError:
        return None
    sums = {artefact.path: artefact.sha256 for artefact in manifest.artefacts}
    found: Outline = {}
    for section, published in (("layers", manifest.layers), ("feeds", manifest.feeds)):
        for name, one in published.items():
            kinds = (kind for kind in DATA if kind in one.artefacts)
            path = one.artefacts.get(next(kinds, ""), "")
            if path:
                found[section, name] = (one.title, sums.get(path, ""))
    return manifest.created, found
