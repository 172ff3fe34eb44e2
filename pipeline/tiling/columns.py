"""Whether the columns that options name are there: an option that does nothing is a mistake."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from pipeline.errors import TilingError
from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.findings import Finding
    from pipeline.tiling.options import LayerOptions, TileOptions

_CATALOGUE = Catalogue.of("pipeline.tiling")
_SHOWN = 12


def check_columns(
    layers: Mapping[str, Sequence[str]], options: TileOptions, id_column: str | None
) -> dict[str, list[Finding]]:
    """Compare what options name with the layers and columns that there are.

    Parameters
    ----------
    layers
        Layer -> its columns. A layer without any is empty and is not asked.
    options
        Those of the tileset.
    id_column
        The column of ids that the caller has named.

    Returns
    -------
    dict
        Layer -> one warning for each column that only other layers have.

    Raises
    ------
    TilingError
        If a layer or column that is named is nowhere; the nearest name is offered.
    """
    for name in options.layers:
        if name not in layers:
            raise TilingError(_unknown("層", "layer", name, list(layers)))
    asked: dict[tuple[str, str], list[str]] = {}
    for layer, columns in layers.items():
        for use, column in _named(options.layer(layer), id_column):
            if columns:
                asked.setdefault((use, column), []).append(layer)
    findings: dict[str, list[Finding]] = {}
    for (use, column), asking in asked.items():
        without = [layer for layer in asking if column not in layers[layer]]
        if len(without) == len(asking):
            known = [name for layer in asking for name in layers[layer]]
            raise TilingError(_unknown(f"{use} の列", f"{use}: column", column, known))
        for layer in without:
            finding = _CATALOGUE.finding("column-missing", field=column, option=use, layer=layer)
            findings.setdefault(layer, []).append(finding)
    return findings


def _named(options: LayerOptions, id_column: str | None) -> Iterator[tuple[str, str]]:
    """Yield every option that names a column, and the column."""
    if id_column:
        yield "id", id_column
    if options.rank:
        yield "rank", options.rank
    yield from (("sum", column) for column in options.sums)
    yield from (("attributes", column) for column in options.attributes or ())
    yield from (("attribute zooms", column) for column in options.attribute_zooms)
    yield from (("filter", rule.field) for rule in options.filters)


def _unknown(ja: str, en: str, name: str, known: list[str]) -> str:
    distinct = list(dict.fromkeys(known))
    close = difflib.get_close_matches(name, distinct, n=1, cutoff=0.5)
    listed = ", ".join(distinct[:_SHOWN]) + (" …" if len(distinct) > _SHOWN else "")
    there = close[0] if close else listed
    return (
        f"{ja}「{name}」はありません。あるのは：{there or '—'} / "
        f"{en} '{name}' does not exist; there is: {there or 'none'}"
    )
