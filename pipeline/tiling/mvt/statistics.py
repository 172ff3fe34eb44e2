"""What an attribute holds in a whole layer: the member ``tilestats`` of an archive's metadata.

As tippecanoe writes it (mapbox-geostats): up to 1,000 distinct values are counted, up to 100
listed, numbers have a least and a greatest. Everything here can be merged, so that a layer that is
read in parts says the same.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Iterable

COUNTED, LISTED, ATTRIBUTES = 1000, 100, 1000
LONGEST = 256
"""Bytes of a text that is listed."""

_KINDS = {"texts": "string", "numbers": "number", "booleans": "boolean"}
_GROUPS = {
    "text": "texts", "integer": "numbers", "unsigned": "numbers", "number": "numbers",
    "boolean": "booleans",
}  # fmt: skip


@dataclass(frozen=True)
class Statistics:
    """One attribute.

    Attributes
    ----------
    texts, numbers, booleans
        Its least distinct values of each kind, at most 1,000, ascending.
    least, greatest
        Of its numbers; ``None`` if it has none.
    """

    texts: list[str] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)
    booleans: list[bool] = field(default_factory=list)
    least: float | None = None
    greatest: float | None = None

    @property
    def kind(self) -> str:
        """``"string"``, ``"number"``, ``"boolean"`` or ``"mixed"``; empty if nothing is known."""
        kinds = [kind for name, kind in _KINDS.items() if getattr(self, name)]
        return kinds[0] if len(kinds) == 1 else "mixed" if kinds else ""

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready mapping, from which an equal object can be made."""
        return asdict(self)

    def described(self, name: str, otherwise: str) -> dict[str, Any]:
        """Return the entry of ``tilestats``; `otherwise` is the type of one without values."""
        short = [text for text in self.texts if len(text.encode()) <= LONGEST]
        values = [*self.booleans, *map(_short, self.numbers), *short][:LISTED]
        count = len(self.texts) + len(self.numbers) + len(self.booleans)
        entry = {
            "attribute": name, "count": min(count, COUNTED), "type": self.kind or otherwise,
            "values": values,
        }  # fmt: skip
        if self.least is not None and self.greatest is not None:
            entry |= {"min": _short(self.least), "max": _short(self.greatest)}
        return entry


def _short(value: float) -> float:
    """Return a whole number without a fraction."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def statistics_of(distinct: Iterable[tuple[str, pa.Array]]) -> Statistics:
    """Return the statistics of an attribute from its distinct values, form by form."""
    found: dict[str, list[Any]] = {"texts": [], "numbers": [], "booleans": []}
    ends: list[float] = []
    for form, values in distinct:
        finite = values.filter(pc.is_finite(values)) if form == "number" else values
        finite = finite.drop_null()
        if not len(finite):
            continue
        group = _GROUPS[form]
        found[group] += _least(finite)
        if group == "numbers":
            both = pc.min_max(finite).as_py()
            ends += [both["min"], both["max"]]
    return Statistics(
        **{name: sorted(values)[:COUNTED] for name, values in found.items()},
        least=min(ends, default=None),
        greatest=max(ends, default=None),
    )


def _least(values: pa.Array) -> list[Any]:
    if len(values) > COUNTED and not pa.types.is_boolean(values.type):
        order = pc.select_k_unstable(values, COUNTED, sort_keys=[("", "ascending")])
        values = values.take(order)
    least: list[Any] = values.to_pylist()
    return least


def merged(parts: Iterable[Statistics]) -> Statistics:
    """Return the statistics of an attribute from those of parts of the layer."""
    known = list(parts)
    ends = [end for one in known for end in (one.least, one.greatest) if end is not None]
    return Statistics(
        texts=sorted({text for one in known for text in one.texts})[:COUNTED],
        numbers=sorted({number for one in known for number in one.numbers})[:COUNTED],
        booleans=sorted({value for one in known for value in one.booleans}),
        least=min(ends, default=None),
        greatest=max(ends, default=None),
    )
