"""How large a declaration may become: depth, and what its aliases unfold to.

Nine lines of aliases of aliases (the "billion laughs") are gigabytes once unfolded, and a few
thousand brackets are deeper than a recursive reader can go. The events of the parser tell both
before anything is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    AliasEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from pipeline.errors import DeclarationError
from pipeline.findings import Catalogue

if TYPE_CHECKING:
    from ruamel.yaml.events import Event

DEEPEST = 40
"""Levels; the deepest key that can be declared is at level 14."""
LARGEST = 500_000
"""Values once aliases are unfolded; a declaration of a hundred layers has about 5,000."""
LONGEST = 8 << 20
"""Bytes of one file."""


class _Size:
    """Counts values as they would be once every alias is unfolded."""

    def __init__(self) -> None:
        self.anchors: dict[str, int] = {}
        self.open: list[tuple[str | None, int]] = []
        self.total = 0

    def meet(self, event: Event) -> str:
        """Count an event and return the code of the finding it gives, or nothing."""
        if isinstance(event, AliasEvent):
            if event.anchor in {anchor for anchor, _ in self.open}:
                return "yaml-alias-of-itself"
            self.total += self.anchors.get(str(event.anchor), 1)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self.open.append((event.anchor, self.total))
            self.total += 1
        elif isinstance(event, ScalarEvent):
            self.total += 1
            if event.anchor:
                self.anchors[event.anchor] = 1
        elif not isinstance(event, NodeEvent) and self.open and "End" in type(event).__name__:
            anchor, before = self.open.pop()
            if anchor:
                self.anchors[anchor] = self.total - before
        if len(self.open) > DEEPEST:
            return "yaml-too-deep"
        return "yaml-too-large" if self.total > LARGEST else ""


def require_bounded(text: str, shown: str) -> None:
    """Make sure that a declaration can be built from its text.

    Parameters
    ----------
    shown
        How messages name the file.

    Raises
    ------
    DeclarationError
        If it is too long, nested too deeply, or unfolds to too much.
    ruamel.yaml.error.YAMLError
        If it is no YAML.
    """
    size = _Size()
    code = "yaml-too-large" if len(text) > LONGEST else ""
    line = 1
    for event in () if code else YAML(typ="rt", pure=True).parse(text):
        code = size.meet(event)
        if code:
            line = event.start_mark.line + 1
            break
    if code:
        raise DeclarationError(
            [Catalogue.of("pipeline.config").finding(code, file=shown, row=line)]
        )
