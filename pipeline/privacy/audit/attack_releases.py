"""The audit of releases: what all of them together tell, and what their files hold."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from pipeline.errors import TonariError
from pipeline.findings import Catalogue, Finding, Place
from pipeline.privacy.audit.artefacts import READERS, undeclared
from pipeline.privacy.audit.intervals import ContradictionError, narrow
from pipeline.privacy.audit.knowledge import Knowledge, Table, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


_DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, TonariError)
"""What readers raise of a file that is not what its ending says."""


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
    findings += other_veils(releases, manifest)
    unread: list[Finding] = []
    tables = [
        table
        for name, (at, said) in releases.items()
        for table in tables_of(name, at, said["layers"], unread)
    ]
    named = {finding.file for finding in findings if finding.code == "audit-unreadable"}
    findings += [f for f in unread if f.file.removeprefix(f"{audited}/") not in named]
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


def other_veils(
    releases: Mapping[str, tuple[Path, dict[str, Any]]], audited: dict[str, Any]
) -> Iterable[Finding]:
    """Name releases whose tables cannot be known to be of the same records: the secret is another.

    Those without one are of an earlier version and veiled before they are compared.
    """
    mine = {veil for veil in map(_veil, audited["layers"].values()) if veil}
    for name, (_, said) in releases.items():
        others = {veil for veil in map(_veil, said["layers"].values()) if veil} - mine
        if mine and others:
            yield _finding("audit-other-salt", "", release=name)


def _veil(entry: Mapping[str, Any]) -> str:
    return str(entry.get("disclosure", {}).get("veil", ""))


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
        for kind, artefact in entry.get("artefacts", {}).items():
            if (folder / _path(artefact)).is_file():
                yield from _fields(folder, name, entry, kind, _path(artefact))


def _fields(
    folder: Path, name: str, entry: Mapping[str, Any], kind: str, file: str
) -> Iterable[Finding]:
    if kind not in READERS:
        yield _finding("audit-kind", name, file=file, value=kind)
        return
    declared = {f["name"] for f in entry.get("fields", [])}
    try:
        extras = undeclared(folder / file, kind, declared, entry.get("csv_headings"))
    except _DAMAGED as error:
        yield _finding("audit-unreadable", name, file=file, value=type(error).__name__)
        return
    for extra in extras:
        yield _finding("audit-field", name, file=file, value=extra)


def _path(artefact: Any) -> str:
    return str(artefact["path"] if isinstance(artefact, dict) else artefact)


# ---- counts


def tables_of(
    release: str, folder: Path, layers: Mapping[str, Any], unread: list[Finding]
) -> Iterable[Table]:
    """Yield the tables of counts among the layers of a release, by their manifest entries.

    Parameters
    ----------
    unread
        Tables that cannot be read are added to it, so that nobody believes them attacked.
    """
    for name, entry in layers.items():
        described = entry.get("disclosure")
        file = f"layers/{name}/{name}.parquet"
        if described is None or not (folder / file).is_file():
            continue
        try:
            schema = pq.read_schema(folder / file)
            columns = [c for c in schema.names if c not in ("geometry", "bbox")]
            frame = pq.read_table(folder / file, columns=columns).to_pandas()
        except _DAMAGED as error:
            shown = f"{release}/{file}" if release else file
            unread.append(
                _finding("audit-unreadable", name, file=shown, value=type(error).__name__)
            )
            continue
        yield Table(release, name, described, frame)


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
