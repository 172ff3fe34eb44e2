"""All neighbours of a declaration: visited before a build, and what the release says of them."""

from __future__ import annotations

import datetime as dt
import fcntl
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pipeline.config.declaration import datasets
from pipeline.config.neighbours import TonariNeighbour

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.config.neighbours import Neighbour
    from pipeline.config.sources import Source
    from pipeline.federation.taken import Taken

MOST_AT_ONCE = 8
WORST = ("absent", "kept", "stale", "current")


@dataclass(frozen=True)
class Neighbourhood:
    """What there is of every layer of every neighbour.

    Attributes
    ----------
    root
        Folder that files of copies start from.
    taken
        ``{(neighbour, layer): what there is of it}``.
    """

    root: Path | None = None
    taken: dict[tuple[str, str], Taken] = field(default_factory=dict)

    def manifest(self, declaration: Declaration) -> dict[str, Any]:
        """Return what the release says of its neighbours."""
        return {
            name: self._told(name, neighbour) for name, neighbour in declaration.neighbours.items()
        }

    def _told(self, name: str, neighbour: Neighbour) -> dict[str, Any]:
        layers = {la: taken for (n, la), taken in self.taken.items() if n == name}
        kept = [taken.kept for taken in layers.values() if taken.kept is not None]
        title = neighbour.name.model_dump() if neighbour.name else None
        if title is None and kept and kept[0].publisher.ja:
            title = kept[0].publisher.model_dump()
        states = [taken.state for taken in layers.values()]
        key = neighbour.key if isinstance(neighbour, TonariNeighbour) else None
        return {
            "name": title or {"ja": name, "en": ""},
            "kind": neighbour.kind,
            # Addresses inside an office are nobody else's business.
            "url": "" if neighbour.private else next(iter(neighbour.urls()), ""),
            "key": key or "",
            "state": next((s for s in WORST if s in states), "absent"),
            "release": max((k.release for k in kept), default=""),
            "layers": {la: _layer(taken, neighbour) for la, taken in layers.items()},
        }

    def towns(self) -> dict[str, dict[str, Any]]:
        """Return the municipalities that neighbours speak for: ``{neighbour.code: …}``."""
        return {
            f"{name}.{town.code}": town.model_dump()
            for (name, _), taken in self.taken.items()
            if taken.kept is not None
            for town in taken.kept.towns
            if town.code in taken.kept.codes
        }


def _layer(taken: Taken, neighbour: Neighbour) -> dict[str, Any]:
    kept = taken.kept
    told: dict[str, Any] = {"state": taken.state}
    if kept is not None:
        told |= {
            "as_of": kept.as_of, "sha256": kept.sha256, "features": kept.features,
            "licence": kept.licence, "codes": list(kept.codes), "via": list(kept.via),
        }  # fmt: skip
    if taken.finding is not None:
        finding = taken.finding
        words = {"ja": finding.message_ja, "en": finding.message_en}
        told["problem"] = {"code": finding.code} | ({} if neighbour.private else words)
    return told


def sources_of(declaration: Declaration, neighbour: str) -> dict[str, Source]:
    """Return how each layer of a neighbour is declared to be read."""
    return {
        source.layer: source
        for dataset in datasets(declaration).values()
        for source in dataset.sources
        if source.neighbour == neighbour and source.layer is not None
    }


def visit_all(
    declaration: Declaration,
    data: Path,
    home: Path,
    *,
    accept: bool = False,
    now: dt.datetime | None = None,
    pause: float = 0.5,
) -> Neighbourhood:
    """Visit every neighbour; those on different hosts at the same time.

    Parameters
    ----------
    data
        Folder that holds ``cache/``.
    home
        Folder of the declaration.
    accept
        Whether layers that shrank or changed are meant.
    """
    if not declaration.neighbours:
        return Neighbourhood()
    # Builds without neighbours need no network libraries.
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    from pipeline.federation.mirror import Asking, visit  # noqa: PLC0415

    root = (data / "cache" / "neighbours").resolve()
    root.mkdir(parents=True, exist_ok=True)
    publisher = declaration.publisher
    contact = publisher.url or publisher.contact
    asking = Asking(publisher.code, contact, accept, now or dt.datetime.now(dt.UTC), home, pause)

    def visit_host(names: list[str]) -> dict[tuple[str, str], Taken]:
        return {
            (name, layer): taken
            for name in names
            for layer, taken in visit(
                name, declaration.neighbours[name], root, asking, sources_of(declaration, name)
            ).items()
        }

    with _alone(root), ThreadPoolExecutor(MOST_AT_ONCE) as pool:
        found = list(pool.map(visit_host, _by_host(declaration)))
    merged = {key: taken for part in found for key, taken in part.items()}
    order = {name: number for number, name in enumerate(declaration.neighbours)}
    ranked = sorted(merged, key=lambda key: (order[key[0]], key[1]))
    return Neighbourhood(root, {key: merged[key] for key in ranked})


def _by_host(declaration: Declaration) -> list[list[str]]:
    """Put neighbours that share a host behind each other: one connection to a host at a time."""
    groups: list[tuple[set[str], list[str]]] = []
    for name, neighbour in declaration.neighbours.items():
        hosts = {urlsplit(url).netloc.lower() for url in neighbour.urls()} | set(neighbour.hosts)
        shared = [group for group in groups if group[0] & hosts]
        names = [n for group in shared for n in group[1]]
        groups = [group for group in groups if group not in shared]
        groups.append((hosts.union(*(group[0] for group in shared)), [*names, name]))
    return [names for _, names in groups]


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Wait until no other build is visiting."""
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
