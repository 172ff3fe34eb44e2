"""The audit of releases: what all of them together tell, and what their files hold."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from pipeline.findings import Catalogue, Finding, Place
from pipeline.privacy.audit.artefacts import undeclared
from pipeline.privacy.audit.intervals import ContradictionError, narrow
from pipeline.privacy.audit.knowledge import Knowledge, Table, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Audit:
    """What an audit looked at and found.

    Attributes
    ----------
    tables, hidden
        How many tables of counts, and how many hidden cells in them.
    """

    tables: int
    hidden: int
    findings: list[Finding] = field(default_factory=list)


def audit(releases: Mapping[str, tuple[Path, dict[str, Any]]], audited: str) -> Audit:
    """Attack one release with the help of all others.

    Parameters
    ----------
    releases
        ``{id: (folder, manifest)}`` of all that can be downloaded, oldest first.
    audited
        Id of the one whose files are decoded; counts of all are attacked together.
    """
    folder, manifest = releases[audited]
    findings = list(_files(folder, manifest))
    tables = [
        table
        for name, (at, said) in releases.items()
        for table in tables_of(name, at, said["layers"])
    ]
    knowledge = Knowledge()
    for table in tables:
        knowledge.learn(table)
    findings += _too_few(knowledge.small)
    try:
        found = narrow(knowledge)
    except ContradictionError:
        findings.append(contradiction(""))
        found = {}
    findings += _narrow(found, knowledge)
    return Audit(len(tables), len(knowledge.targets), findings)


def _finding(code: str, layer: str, **details: Any) -> Finding:
    place = f"layers.{layer}" if layer else ""
    return Catalogue.of("pipeline.privacy").finding(code, field=place, **details)


# ---- files


def _files(folder: Path, manifest: dict[str, Any]) -> Iterable[Finding]:
    for artefact in manifest["artefacts"]:
        path = folder / artefact["path"]
        if not path.is_file():
            yield _finding("audit-file-missing", "", file=artefact["path"])
            continue
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != artefact["sha256"]:
            yield _finding("audit-file-changed", "", file=artefact["path"])
    for name, entry in manifest["layers"].items():
        declared = {f["name"] for f in entry.get("fields", [])}
        for kind, artefact in entry.get("artefacts", {}).items():
            path = folder / _path(artefact)
            if not path.is_file():
                continue
            for extra in undeclared(path, kind, declared, entry.get("csv_headings")):
                yield _finding("audit-field", name, file=_path(artefact), value=extra)


def _path(artefact: Any) -> str:
    return str(artefact["path"] if isinstance(artefact, dict) else artefact)


# ---- counts


def tables_of(release: str, folder: Path, layers: Mapping[str, Any]) -> Iterable[Table]:
    """Yield the tables of counts among the layers of a release, by their manifest entries."""
    for name, entry in layers.items():
        described = entry.get("disclosure")
        path = folder / f"layers/{name}/{name}.parquet"
        if described is None or not path.is_file():
            continue
        columns = [c for c in pq.read_schema(path).names if c not in ("geometry", "bbox")]
        yield Table(release, name, described, pq.read_table(path, columns=columns).to_pandas())


def _too_few(small: list[Target]) -> Iterable[Finding]:
    for (release, layer), targets in _by_table(small).items():
        places = [Place(feature=f"{t.row} {t.column}") for t in targets]
        yield _finding("audit-too-few", layer, release=release, places=places)


def contradiction(layer: str) -> Finding:
    """Say that tables contradict one another."""
    return _finding("audit-contradiction", layer)


def narrow_findings(targets: list[Target], layer: str) -> Iterable[Finding]:
    """Name cells that can be told too well, under a layer; not what they can be told as."""
    for (release, hidden_in), cells in _by_table(targets).items():
        places = [Place(feature=f"{hidden_in} {t.row} {t.column}") for t in cells]
        shown = release or "（この版 / this one）"
        yield _finding("audit-narrow", layer, release=shown, places=places)


def _narrow(found: dict[int, tuple[float, float]], knowledge: Knowledge) -> Iterable[Finding]:
    """Name cells that may be of too few and can be told too well; not what they can be told as."""
    told = [
        knowledge.targets[number]
        for number, (least, _) in found.items()
        if least < knowledge.targets[number].fewest
    ]
    for (release, layer), targets in _by_table(told).items():
        places = [Place(feature=f"{t.row} {t.column}") for t in targets]
        yield _finding("audit-narrow", layer, release=release, places=places)


def _by_table(targets: list[Target]) -> dict[tuple[str, str], list[Target]]:
    out: dict[tuple[str, str], list[Target]] = {}
    for target in targets:
        out.setdefault((target.release, target.layer), []).append(target)
    return out
