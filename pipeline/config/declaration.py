"""The root of ``layers.yaml``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from pipeline.config.base import Name, Strict
from pipeline.config.feeds import Feed
from pipeline.config.layers import Layer, Map, Municipality, Publisher

if TYPE_CHECKING:
    from collections.abc import Iterator


class Declaration(Strict):
    """What a group of neighbouring municipalities publishes."""

    publisher: Publisher
    sample: bool = Field(default=False, description="the values are made up; every page says so")
    municipalities: dict[Name, Municipality] = Field(min_length=1)
    layers: dict[Name, Layer] = Field(default_factory=dict)
    feeds: dict[Name, Feed] = Field(default_factory=dict)
    maps: dict[Name, Map] = Field(default_factory=dict)
    include: tuple[str, ...] = Field(
        default=(), description="further files of the same form, merged into this one"
    )


Dangling = tuple[tuple[str | int, ...], str, str, list[str]]
"""Where a name is used, what kind of name it is, the name, and the names there are."""


def dangling_references(declaration: Declaration) -> Iterator[Dangling]:
    """Yield every name that is used in the declaration and declared nowhere."""
    municipalities = list(declaration.municipalities)
    for name, layer in declaration.layers.items():
        for position, source in enumerate(layer.sources):
            if source.municipality not in municipalities:
                loc = ("layers", name, "sources", position, "municipality")
                yield loc, "municipalities", source.municipality, municipalities
    for name, map_ in declaration.maps.items():
        for kind, used, known in (
            ("layers", map_.layers, list(declaration.layers)),
            ("feeds", map_.feeds, list(declaration.feeds)),
        ):
            for position, part in enumerate(used):
                if part not in known:
                    yield ("maps", name, kind, position), kind, part, known
