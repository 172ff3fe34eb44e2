"""Cutting the tileset of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.findings import Catalogue
from pipeline.graph.step import Made
from pipeline.graph.tables import read_table
from pipeline.layers.tiling import rule_findings, tile_options

if TYPE_CHECKING:
    from pipeline.graph.step import Work
    from pipeline.layers.options import Cutting


def cut(work: Work) -> Made:
    """Cut the tileset of a layer."""
    from pipeline.tiling import tile  # noqa: PLC0415 - see tile_options

    options: Cutting = work.options
    frame = read_table(work.inputs[0])
    if frame.geometry.isna().all():
        return Made({}, [Catalogue.of("pipeline").finding("tiles-none", layer=options.name)])
    misfits = rule_findings(options.name, options.tiles, frame)
    if misfits:
        return Made({}, misfits)
    report = tile(
        {options.name: frame},
        work.folder / f"{options.name}.pmtiles",
        options=tile_options(options.name, options.tiles, work.memory),
        work=work.work,
        id_column="id",
        name=options.name,
        progress=work.progress,
    )
    # How long it took differs every time; what was made does not.
    said: dict[str, Any] = {k: v for k, v in report.as_dict().items() if k != "seconds"}
    zooms = {"minzoom": options.tiles.minzoom, "maxzoom": options.tiles.maxzoom}
    return Made({"tiles": zooms, "tiling": said}, report.findings)
