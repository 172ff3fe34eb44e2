"""From the declaration of a layer's tiles to the options of the tiling engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

    import geopandas as gpd
    import pandas as pd

    from pipeline.config.tiles import Tiles, ZoomRange
    from pipeline.findings import Finding
    from pipeline.tiling import TileOptions

_KINDS = {"number": ("数値", "numbers"), "truth": ("はい・いいえ", "yes or no"),
          "text": ("文字", "text")}  # fmt: skip


def tile_options(name: str, tiles: Tiles, memory: int) -> TileOptions:
    """Return how the tileset of a layer is to be cut.

    Parameters
    ----------
    name
        Of the layer, and of its only layer in the tileset.
    tiles
        As it is declared.
    memory
        Bytes that cutting may take; 0 is no bound.
    """
    # Compiled kernels take a moment to load; checks and table-only layers do without them.
    from pipeline.tiling import Filter, LayerOptions, TileOptions  # noqa: PLC0415

    def zooms(of: ZoomRange) -> tuple[int, int]:
        return of.minzoom, of.maxzoom

    special = LayerOptions(
        simplification=tiles.simplification,
        attribute_zooms={field: zooms(of) for field, of in tiles.attribute_zooms.items()},
        filters=tuple(Filter(rule.field, rule.values, zooms(rule)) for rule in tiles.filters),
        rank=tiles.rank,
        sums=tiles.sums,
        strategies=tiles.reduce,
    )
    return TileOptions(
        minzoom=tiles.minzoom,
        maxzoom=tiles.maxzoom,
        tile_bytes=tiles.budget,
        reduce_last_zoom=tiles.reduce_last_zoom,
        memory=memory,
        layers={name: special},
    )


def rule_findings(name: str, tiles: Tiles, frame: gpd.GeoDataFrame) -> list[Finding]:
    """Return which rules of a layer's tiles do not fit what its fields hold.

    Parameters
    ----------
    name
        Of the layer.
    tiles
        As it is declared.
    frame
        What is published.
    """
    return list(_misfits(f"layers.{name}.tiles", tiles, frame))


def _misfits(place: str, tiles: Tiles, frame: gpd.GeoDataFrame) -> Iterator[Finding]:
    catalogue = Catalogue.of("pipeline")
    for at, rule in enumerate(tiles.filters):
        kind = _kind(frame[rule.field])
        wrong = [value for value in rule.values if _kind_of_value(value) != kind]
        if wrong:
            yield catalogue.finding(
                "tiles-value-type", field=f"{place}.filters.{at} {rule.field}", value=wrong[0],
                count=len(wrong), kind_ja=_KINDS[kind][0], kind_en=_KINDS[kind][1],
            )  # fmt: skip
    ranked = () if tiles.rank is None else (tiles.rank,)
    for use, fields in (("rank", ranked), ("sums", tiles.sums)):
        for field in fields:
            kind = _kind(frame[field])
            if kind != "number":
                yield catalogue.finding(
                    "tiles-not-numeric", field=f"{place}.{use} {field}", use=use,
                    kind_ja=_KINDS[kind][0], kind_en=_KINDS[kind][1],
                )  # fmt: skip


def _kind(column: pd.Series) -> str:
    from pandas.api import types  # noqa: PLC0415 - there is a frame, so pandas is loaded

    if types.is_bool_dtype(column):
        return "truth"
    return "number" if types.is_numeric_dtype(column) else "text"


def _kind_of_value(value: object) -> str:
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, int | float) else "text"
