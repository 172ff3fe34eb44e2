"""Reading one source as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pipeline.graph.step import Made
from pipeline.graph.tables import tagged, write_table
from pipeline.sources.read import read_source, read_unlocated
from pipeline.standardise.columns import ROW

if TYPE_CHECKING:
    from pipeline.graph.step import Work
    from pipeline.layers.options import Reading

EXACT = "exact.json"
"""File of the values behind cells that show something else."""


def read(work: Work) -> Made:
    """Read one source as it is, its geometry in the canonical CRS.

    Raises
    ------
    SourceError
        If it cannot be read.
    """
    options: Reading = work.options
    reader = read_source if options.located else read_unlocated
    table = reader(options.source, options.municipality, options.root)
    frame = table.frame.copy()
    # Last, whatever columns of the source are called.
    frame.insert(len(frame.columns), ROW, table.rows, allow_duplicates=True)
    write_table(frame, work.folder)
    exact = {
        column: {str(position): tagged(value) for position, value in cells.items()}
        for column, cells in table.exact.items()
    }
    (work.folder / EXACT).write_text(json.dumps(exact, ensure_ascii=False), encoding="utf-8")
    return Made({"facts": table.facts.as_dict(), "features": len(table.frame)}, table.findings)
