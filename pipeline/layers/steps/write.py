"""Writing a layer in one format."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from pipeline.graph.step import Made, resolve
from pipeline.graph.tables import read_table
from pipeline.layers.facts import fields_of, with_places
from pipeline.standardise.headings import column_headings, with_labels

if TYPE_CHECKING:
    from pipeline.graph.step import Work
    from pipeline.layers.options import Writing


def write(work: Work) -> Made:
    """Write a layer in one format."""
    options: Writing = work.options
    entry = work.inputs[0]
    frame, out, writer = read_table(entry), work.folder / options.file, resolve(options.function)
    fields = fields_of(entry.facts)
    types = {name: field.type for name, field in fields.items()}
    match options.takes:
        case "table":
            writer(frame, out)
        case "moments":
            writer(frame, out, [name for name, kind in types.items() if kind == "datetime"])
        case "credit":
            writer(frame, out, options.credit)
        case "headings" if options.headed:
            writer(with_labels(frame, fields), out, options.credit, column_headings(fields))
        case "headings":
            writer(frame, out, options.credit)
        case "types":
            writer(with_places(frame), out, types)
        case "search":
            writer(frame, out, options.searched)
        case _:
            assert_never(options.takes)
    return Made()
