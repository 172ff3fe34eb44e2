"""What is used of a layer of a neighbour: the newest copy, the last good one, or none, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pipeline.config.neighbours import TonariNeighbour, duration
from pipeline.errors import FetchError
from pipeline.federation.keys import key_id
from pipeline.federation.trust import moment
from pipeline.findings import Catalogue, Finding, Severity

if TYPE_CHECKING:
    import datetime as dt

    from pipeline.federation.state import Kept, State
    from pipeline.federation.visit import Visit


LayerState = Literal["current", "stale", "kept", "absent"]


@dataclass(frozen=True)
class Taken:
    """What there is of one layer of a neighbour.

    Attributes
    ----------
    kept
        The copy to use; ``None`` if there never was a good one.
    state
        ``current``; ``stale``: older than declared; ``kept``: the last good copy, because
        nothing newer could be taken; ``absent``.
    finding
        Why, unless it is current.
    """

    kept: Kept | None
    state: LayerState
    finding: Finding | None = None


def refusal(name: str, layer: str, refused: FetchError, severity: str = "") -> Finding:
    """Say why a layer of a neighbour is not what it should be."""
    return Catalogue.of("pipeline.federation").finding(
        refused.code,
        file=f"neighbours.{name}",
        field=layer,
        severity=Severity(severity) if severity else None,
        **_details(refused),
    )


def _details(refused: FetchError) -> dict[str, Any]:
    return dict(refused.details)


def fallback(name: str, layer: str, state: State, refused: FetchError) -> Taken:
    """Use the last good copy; without one, the layers that need it cannot be made."""
    kept = state.layers.get(layer)
    if kept is None:
        return Taken(None, "absent", refusal(name, layer, refused, "error"))
    return Taken(kept, "kept", refusal(name, layer, refused))


def aged(called: Visit, kept: Kept, now: dt.datetime) -> Taken:
    """Mark a copy that is older than declared by the latest of what is known of its age."""
    known = [m for text in (kept.as_of, kept.built) if (m := moment(text)) is not None]
    most = duration(called.neighbour.max_age)
    if known and now - max(known) > most:
        days = str((now - max(known)).days)
        old = FetchError("neighbour-stale", value=max(known).date().isoformat(), days=days,
                         most=called.neighbour.max_age)  # fmt: skip
        return Taken(kept, "stale", refusal(called.name, kept.layer, old))
    return Taken(kept, "current", _rotated(called))


def _rotated(called: Visit) -> Finding | None:
    """Ask for the declaration to be brought up to date once an announced key has followed."""
    neighbour, key = called.neighbour, called.trust.in_force
    if not isinstance(neighbour, TonariNeighbour) or key in ("", neighbour.key):
        return None
    said = FetchError("neighbour-rotated", value=key_id(key), key=key)
    return refusal(called.name, "", said)
