"""Checking the geometry of one source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.check.geometry import check_geometry
from pipeline.graph.step import Made
from pipeline.graph.tables import read_table, write_table
from pipeline.standardise.columns import SOURCE

if TYPE_CHECKING:
    from pipeline.findings import Finding
    from pipeline.graph.step import Work
    from pipeline.layers.options import Checking


def check(work: Work) -> Made:
    """Check the geometry of one source, and note in each row where it came from."""
    options: Checking = work.options
    frame = read_table(work.inputs[0])
    findings: list[Finding] = []
    if options.located:
        frame, findings = check_geometry(frame, options.path, located=options.points)
    frame[SOURCE] = options.path
    write_table(frame, work.folder)
    return Made({"types": work.inputs[0].facts["types"]}, findings)
