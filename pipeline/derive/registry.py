"""Which function does which operation.

To add an operation: a class of options in :mod:`pipeline.config.operations` (or beside it, listed
there), a function ``(options, *given) -> Derived`` in a room of its own (see
:mod:`pipeline.derive.tables`), and a line here.
"""

from __future__ import annotations

from pipeline.config.operations import (
    Aggregate,
    Changes,
    Contours,
    Crosswalk,
    Join,
    Operation,
    Select,
    Zonal,
    Zones,
)

FUNCTIONS: dict[type[Operation], str] = {
    Select: "pipeline.derive.select:select",
    Aggregate: "pipeline.derive.aggregate:aggregate",
    Join: "pipeline.derive.join:join_table",
    Zones: "pipeline.derive.zones:zones",
    Contours: "pipeline.derive.contours:contours",
    Zonal: "pipeline.derive.zonal:zonal",
    Crosswalk: "pipeline.derive.crosswalk:crosswalk",
    Changes: "pipeline.derive.changes:changes",
}
"""``package.module:function`` of every operation."""
