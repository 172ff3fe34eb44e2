"""Giving a tileset its words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.graph.step import Made
from pipeline.tiling.archive.relabel import relabel

if TYPE_CHECKING:
    from pipeline.graph.step import Work
    from pipeline.layers.options import Labelling


def label(work: Work) -> Made:
    """Give an archive its title, attribution and description; its tiles stay as they are."""
    options: Labelling = work.options
    if options.file in work.inputs[0].files:
        words = {
            "name": options.name,
            "description": options.description,
            "attribution": options.attribution,
        }
        relabel(work.inputs[0].path(options.file), work.folder / options.file, words)
    return Made()
