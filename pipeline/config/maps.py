"""Maps of the declaration: layers together, what lies under them, who may frame them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from pipeline.config.base import Name, Strict, Text

BASE_ADDRESS = r"^https?://[A-Za-z0-9.-]+(:\d+)?/[^\s'\"<>;,]*\{z\}[^\s'\"<>;,]*$"
"""An address whose host a Content-Security-Policy can name."""


class Embed(Strict):
    """Which web sites may show a map in a frame."""

    allow: tuple[
        Annotated[str, StringConstraints(pattern=r"^https?://(\*\.)?[A-Za-z0-9.-]+(:\d+)?$")], ...
    ] = ()


class BaseTiles(Strict):
    """Raster tiles of anybody as a base map; the page may then ask their host, and no other.

    Attributes
    ----------
    url
        With ``{z}``, ``{x}`` and ``{y}``.
    attribution
        Whom to credit, as their terms want it.
    size
        Width of a tile in pixels.
    """

    title: Text
    url: Annotated[str, StringConstraints(pattern=BASE_ADDRESS)]
    attribution: str = Field(min_length=1)
    minzoom: int = Field(default=0, ge=0, le=22)
    maxzoom: int = Field(default=18, ge=0, le=22)
    size: Literal[256, 512] = 256


class BaseLayer(Strict):
    """A layer of our own as a base map, drawn quietly beneath the others."""

    layer: Name


Base = Literal["gsi/pale", "gsi/std", "gsi/photo", "gsi/vector", "none"] | BaseTiles | BaseLayer
"""What lies under a map: tiles of GSI (国土地理院), of others, a layer of our own, nothing."""


class Map(Strict):
    """A named composition of layers: what a neighbour embeds.

    Attributes
    ----------
    base
        Base maps to choose from; the first is shown.
    ground
        Layers of our own beneath whatever base map is chosen.
    """

    title: Text
    base: tuple[Base, ...] = ()
    ground: tuple[Name, ...] = ()
    description: Text = Text(ja="")
    layers: tuple[Name, ...] = ()
    feeds: tuple[Name, ...] = ()
    center: tuple[float, float] = Field(description="longitude, latitude")
    zoom: float = Field(default=11, ge=0, le=22)
    embed: Embed = Embed()
