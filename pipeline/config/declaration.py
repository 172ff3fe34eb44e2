"""The root of ``layers.yaml``."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field, model_validator

from pipeline.config.base import Name, Strict, problem
from pipeline.config.feeds import Feed
from pipeline.config.layers import Dataset, Layer, Municipality, Publisher, Records
from pipeline.config.maps import BaseLayer, Map
from pipeline.config.neighbours import Neighbour, Signing, layers_of
from pipeline.config.operations import Dataset as Reference
from pipeline.config.rasters import Raster
from pipeline.config.sources import relative_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.config.sources import Source


class Included(Strict):
    """A file that one municipality keeps: it may declare nothing but that municipality's own."""

    path: str
    municipality: Name


class Declaration(Strict):
    """What a group of neighbouring municipalities publishes."""

    publisher: Publisher
    sample: bool = Field(default=False, description="the values are made up; every page says so")
    municipalities: dict[Name, Municipality] = Field(min_length=1)
    inventory: Annotated[str, AfterValidator(relative_path)] = Field(
        default="", description="CSV file of what the city holds and what is open of it"
    )
    boundary: Reference | None = Field(
        default=None, description="the layer or records of whose area is where, e.g. N03"
    )
    records: dict[Name, Records] = Field(default_factory=dict)
    layers: dict[Name, Layer] = Field(default_factory=dict)
    rasters: dict[Name, Raster] = Field(default_factory=dict)
    feeds: dict[Name, Feed] = Field(default_factory=dict)
    maps: dict[Name, Map] = Field(default_factory=dict)
    neighbours: dict[Name, Neighbour] = Field(default_factory=dict)
    signing: Signing | None = None
    include: tuple[str | Included, ...] = Field(
        default=(), description="further files of the same form, merged into this one"
    )

    @model_validator(mode="after")
    def _names_once(self) -> Declaration:
        for name in self.rasters:
            if name in self.layers:
                raise problem("raster-named-as-layer", name=name)
        return self


def datasets(declaration: Declaration) -> dict[tuple[str, str], Dataset]:
    """Return records and layers by section and name, in order of declaration."""
    found: dict[tuple[str, str], Dataset] = {}
    found |= {("records", name): records for name, records in declaration.records.items()}
    found |= {("layers", name): layer for name, layer in declaration.layers.items()}
    return found


def circle(declaration: Declaration) -> list[tuple[str, str]]:
    """Return datasets made from each other in a circle, the first not repeated; none is empty."""
    needs = {
        key: [(kind, used) for _, kind, used in dataset.origin.references()]
        for key, dataset in datasets(declaration).items()
        if dataset.origin is not None
    }
    if declaration.boundary is not None:
        _, *named = declaration.boundary.named()
        for name, layer in declaration.layers.items():
            if layer.borders is not None and ["layers", name] != named:
                needs.setdefault(("layers", name), []).append((named[0], named[1]))
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        found: list[tuple[str, str]] = error.args[1]
        return found[:0:-1]
    return []


Dangling = tuple[tuple[str | int, ...], str, str, list[str]]
"""Where a name is used, what kind of name it is, the name, and the names there are."""


def dangling_references(declaration: Declaration) -> Iterator[Dangling]:
    """Yield every name that is used in the declaration and declared nowhere."""
    municipalities = list(declaration.municipalities)
    for (section, name), dataset in datasets(declaration).items():
        for position, source in enumerate(dataset.sources):
            loc = (section, name, "sources", position)
            if source.municipality and source.municipality not in municipalities:
                yield (*loc, "municipality"), "municipalities", source.municipality, municipalities
            yield from _dangling_neighbour(declaration, source, loc)
        for keys, kind, named in dataset.origin.references() if dataset.origin else ():
            there = list(getattr(declaration, kind))
            if named not in there:
                yield (section, name, "from", *keys), kind, named, there
    yield from _dangling_of_rasters(declaration, municipalities)
    if declaration.boundary is not None:
        key, kind, named = declaration.boundary.named()
        there = list(getattr(declaration, kind))
        if named not in there:
            yield ("boundary", key), kind, named, there
    for name, map_ in declaration.maps.items():
        yield from _dangling_in_map(declaration, name, map_)


def _dangling_in_map(declaration: Declaration, name: str, map_: Map) -> Iterator[Dangling]:
    layers, feeds = [*declaration.layers, *declaration.rasters], list(declaration.feeds)
    for key, kind, used, known in (
        ("layers", "layers", map_.layers, layers),
        ("ground", "layers", map_.ground, layers),
        ("feeds", "feeds", map_.feeds, feeds),
    ):
        for position, part in enumerate(used):
            if part not in known:
                yield ("maps", name, key, position), kind, part, known
    for position, base in enumerate(map_.base):
        if isinstance(base, BaseLayer) and base.layer not in layers:
            yield ("maps", name, "base", position, "layer"), "layers", base.layer, layers


def _dangling_of_rasters(declaration: Declaration, municipalities: list[str]) -> Iterator[Dangling]:
    sourced = [name for name, raster in declaration.rasters.items() if raster.sources]
    for name, raster in declaration.rasters.items():
        for position, source in enumerate(raster.sources):
            if source.municipality not in municipalities:
                loc = ("rasters", name, "sources", position, "municipality")
                yield loc, "municipalities", source.municipality, municipalities
        if raster.origin is not None and raster.origin.raster not in sourced:
            yield ("rasters", name, "from", "raster"), "rasters", raster.origin.raster, sourced


def _dangling_neighbour(
    declaration: Declaration, source: Source, loc: tuple[str | int, ...]
) -> Iterator[Dangling]:
    if source.neighbour is None or source.layer is None:
        return
    neighbour = declaration.neighbours.get(source.neighbour)
    if neighbour is None:
        yield (*loc, "neighbour"), "neighbours", source.neighbour, list(declaration.neighbours)
    elif source.layer not in layers_of(neighbour):
        known = list(layers_of(neighbour))
        yield (*loc, "layer"), f"neighbours.{source.neighbour}", source.layer, known


def nameless_sources(
    declaration: Declaration,
) -> Iterator[tuple[tuple[str | int, ...], list[str]]]:
    """Yield sources of neighbours whose data does not say which municipality it is of."""
    for (section, name), dataset in datasets(declaration).items():
        for position, source in enumerate(dataset.sources):
            neighbour = declaration.neighbours.get(source.neighbour or "")
            if neighbour is not None and neighbour.kind != "tonari" and not source.municipality:
                yield (section, name, "sources", position), list(declaration.municipalities)
