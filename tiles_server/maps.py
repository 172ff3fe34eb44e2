"""What a map is made of, ready to be drawn, listed and credited: its layers and its feeds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tiles_server import transit
from tiles_server.language import say
from tiles_server.manifest import Feed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tiles_server.manifest import Layer, Map, Published
    from tiles_server.releases import Release


@dataclass(frozen=True)
class Part:
    """One thing a reader can switch on and off.

    Attributes
    ----------
    name
        Name of the layer or feed, of its tileset and of its source in the style.
    published
        The layer or feed itself.
    geometry
        Kind of shape its swatch shows.
    legend
        Colour and label of each entry; more than one only where it is drawn by class.
    titles
        What its fields are called.
    """

    name: str
    title: str
    published: Published
    geometry: str
    legend: list[tuple[str, str]]
    titles: Mapping[str, str] = field(default_factory=dict)

    def column(self, field: str) -> str:
        """Return what a field is called, for people."""
        return self.titles.get(field, field)

    @property
    def is_feed(self) -> bool:
        """Whether it is a feed rather than a layer."""
        return isinstance(self.published, Feed)


def parts(release: Release, chart: Map, language: str) -> list[Part]:
    """Return the parts of a map that can be drawn, in the order of its declaration."""
    return [*_layers(release, chart, language), *_feeds(release, chart, language)]


def _layers(release: Release, chart: Map, language: str) -> Iterator[Part]:
    for name in chart.layers:
        if name in release.tilesets:
            layer = release.layer(name)
            title = layer.title.best(language) or name
            legend = _legend(layer, title, language)
            titles = {f.name: f.title.best(language) or f.name for f in layer.columns}
            yield Part(name, title, layer, layer.geometry, legend, titles)


def _feeds(release: Release, chart: Map, language: str) -> Iterator[Part]:
    for name in chart.feeds:
        feed = release.manifest.feeds.get(name)
        if feed and name in release.tilesets:
            title = feed.title.best(language) or name
            yield Part(name, title, feed, "Transit", [(transit.COLOR, title)])


def _legend(layer: Layer, title: str, language: str) -> list[tuple[str, str]]:
    if layer.raster is not None:
        named = [(c.color, c.label.best(language)) for c in layer.raster.classes]
        return named or [(layer.style.color, title)]
    style = layer.style
    if not (style.by and style.classes):
        return [(style.color, title)]
    other = say("other_values", language)
    return [
        (c.color, c.label.best(language) or (other if c.value is None else str(c.value)))
        for c in style.classes
    ]


def viewpoint(release: Release, chart: Map) -> tuple[list[float], float]:
    """Return centre and zoom of a map: as declared, else showing all its parts."""
    manifest = release.manifest
    named = [
        *(manifest.layers.get(name) for name in chart.layers),
        *(manifest.feeds.get(name) for name in chart.feeds),
    ]
    extents = [published.extent for published in named if published and published.extent]
    if not extents:
        return list(chart.center or (137.0, 38.0)), chart.zoom or 4.0
    west, south = (min(extent[i] for extent in extents) for i in (0, 1))
    east, north = (max(extent[i] for extent in extents) for i in (2, 3))
    center = list(chart.center or ((west + east) / 2, (south + north) / 2))
    # A map 512 pixels wide at zoom 0 shows 360 degrees; leave a margin of one half zoom.
    span = max(east - west, (north - south) * 1.25, 0.005)
    return center, chart.zoom or round(math.log2(360 / span) + 0.5, 2)
