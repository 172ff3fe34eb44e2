"""Looking for personal information in what a layer is about to publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.graph.step import Made
from pipeline.graph.tables import read_table
from pipeline.layers.facts import fields_of
from pipeline.privacy.detect.scan import scan_table
from pipeline.privacy.detect.waivers import judge
from pipeline.standardise.columns import ROW, SOURCE

if TYPE_CHECKING:
    from pipeline.graph.step import Work
    from pipeline.layers.options import Detecting


def detect(work: Work) -> Made:
    """Look through the published fields of a table that still knows its files and rows."""
    options: Detecting = work.options
    entry = work.inputs[0]
    frame, fields = read_table(entry), fields_of(entry.facts)
    published = [f for f in options.publish if f in fields and f in frame]
    declared = dict(options.headings)
    headings = {
        f: (f, fields[f].title_ja, fields[f].title_en, *declared.get(f, ())) for f in published
    }
    types = {f: fields[f].type for f in published}
    hits = scan_table(frame, published, headings, types, options.about)
    findings = judge(options.place, hits, options.waivers, frame, (SOURCE, ROW))
    return Made({"hits": len(hits)}, findings)
