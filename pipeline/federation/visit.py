"""One visit to a neighbour, and what it offers of one layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline.federation.state import RemoteManifest, State, Town, Trust, Words

if TYPE_CHECKING:
    import datetime as dt
    from pathlib import Path

    from pipeline.config.neighbours import Neighbour
    from pipeline.federation.fetch import Fetcher


@dataclass(frozen=True)
class Offer:
    """One layer as it was just fetched.

    Attributes
    ----------
    path
        Where it lies for now; ``None``: the copy that is kept is still the newest.
    ending
        That says what it is.
    """

    layer: str
    path: Path | None
    ending: str = ""
    sha256: str = ""
    licence: str = ""
    attribution: str = ""
    publisher: Words = field(default_factory=Words)
    as_of: str = ""
    built: str = ""
    release: str = ""
    via: tuple[str, ...] = ()
    survey_approval: str = ""
    tag: str = ""
    source: str = ""
    member: str = ""
    towns: tuple[Town, ...] = ()
    promised: int | None = None


@dataclass
class Visit:
    """One visit to a neighbour.

    Attributes
    ----------
    folder
        Of this neighbour in the cache.
    state
        What was kept before; what the visit learned of trust is in `trust`.
    """

    name: str
    neighbour: Neighbour
    folder: Path
    state: State
    fetcher: Fetcher
    now: dt.datetime
    trust: Trust = field(default_factory=Trust)
    manifest: RemoteManifest | None = None
    manifest_tag: str = ""

    def __post_init__(self) -> None:
        self.trust = self.state.trust

    @property
    def most(self) -> int:
        """Bytes of one file."""
        return self.neighbour.limits.megabytes << 20
