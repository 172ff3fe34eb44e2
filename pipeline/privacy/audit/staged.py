"""The audit of what is about to be published: does it tell more than is told already?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.privacy.audit.intervals import narrow
from pipeline.privacy.audit.knowledge import Knowledge

if TYPE_CHECKING:
    from pipeline.privacy.audit.knowledge import Cell, Table, Target


@dataclass(frozen=True)
class Told:
    """Hidden cells that can be told too well.

    Attributes
    ----------
    newly
        By what is about to be published, each with the universe it belongs to.
    already
        By releases that are kept, whatever is published now.
    """

    newly: list[tuple[str, Target]]
    already: list[tuple[str, Target]]


def told(kept: list[Table], staged: list[Table]) -> Told:
    """Attack kept and new tables together, and see what the kept ones tell without the new.

    Raises
    ------
    ContradictionError
        If the tables contradict one another.
    """
    everything, before = _knowledge([*kept, *staged]), _knowledge(kept)
    cells = {number: cell for cell, number in everything.number.items()}
    found = {
        cells[number]: everything.targets[number]
        for number, (least, _) in narrow(everything).items()
        if least < everything.targets[number].fewest
    }
    before.targets = {before.number[c]: t for c, t in found.items() if c in before.number}
    known = narrow(before)
    newly = [(_universe(c), t) for c, t in found.items() if before.number.get(c, -1) not in known]
    already = [(_universe(c), t) for c, t in found.items() if before.number.get(c, -1) in known]
    return Told(newly, already)


def _knowledge(tables: list[Table]) -> Knowledge:
    knowledge = Knowledge()
    for table in tables:
        knowledge.learn(table)
    return knowledge


def _universe(cell: Cell) -> str:
    return str(cell[0][0])
