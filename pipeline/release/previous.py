"""What the release before this one can give: unchanged or last good layers and feeds."""

from __future__ import annotations

import json
import logging
import os
import shutil
from typing import TYPE_CHECKING, Any

from pipeline.findings import Finding
from pipeline.release.outcome import OWN_KEYS, Outcome, Status

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.jobs import Job, Kind

logger = logging.getLogger(__name__)


class Previous:
    """The release that is being served while the next one is built.

    Parameters
    ----------
    folder
        Of that release, or ``None`` before the first.
    office
        Where the office is told the same with all details; without it, what is taken over is
        told as the public may read it.
    """

    def __init__(self, folder: Path | None, office: Path | None = None) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = _read(folder, "manifest.json")
        inside = _read(office, "findings.json")
        self._findings: dict[str, Any] = inside or _read(folder, "findings.json")
        self._inside: dict[str, Any] = _read(office, "manifest.json")

    def key(self, kind: Kind, name: str) -> str | None:
        """Return the build key of what it built under this name; ``None`` if that had failed."""
        entry = self._entry(kind, name)
        sound = self.serves(kind, name) and entry.get("status") != "kept"
        return entry.get("key") if sound else None

    def serves(self, kind: Kind, name: str) -> bool:
        """Tell whether it has artefacts under this name, and they are still there."""
        listed = self._entry(kind, name).get("artefacts")
        return bool(listed) and self.folder is not None and (self.folder / kind / name).is_dir()

    def allows(self, job: Job) -> bool:
        """Tell whether what it serves for a job may still be published."""
        return job.may_serve(self._entry(job.kind, job.name))

    def link(
        self,
        kind: Kind,
        name: str,
        staged: Path,
        status: Status | None = None,
        findings: list[Finding] | None = None,
    ) -> Outcome | None:
        """Hard-link a layer or feed into the release being staged.

        Parameters
        ----------
        status
            Why; *linked*, or still *kept* if its last build failed, unless given.
        findings
            Of this build; those of the linked content unless given.

        Returns
        -------
        Outcome or None
            Status *failed* if the previous release declares it and has nothing to serve;
            ``None`` if it does not know it.
        """
        entry = self._entry(kind, name)
        known = self._findings.get(kind, {}).get(name, [])
        if self.folder is None or not entry:
            return None
        source, target = self.folder / kind / name, staged / kind / name
        if not self.serves(kind, name):
            return self._failed(kind, name, entry, known) if findings is None else None
        target.mkdir(parents=True, exist_ok=True)
        for file in sorted(source.iterdir()):
            _link(file, target / file.name)
        return Outcome(
            kind,
            name,
            status or ("kept" if entry["status"] == "kept" else "linked"),
            entry={key: value for key, value in entry.items() if key not in OWN_KEYS}
            | self._sources(kind, name),
            artefacts=entry["artefacts"],
            findings=[Finding.from_dict(record) for record in known]
            if findings is None
            else findings,
            built_in=entry["built_in"],
            modified=entry["modified"],
            key=entry["key"],
        )

    def _sources(self, kind: Kind, name: str) -> dict[str, Any]:
        entry = self._inside.get(kind, {}).get(name, {})
        return {"sources": entry["sources"]} if "sources" in entry else {}

    def _failed(
        self, kind: Kind, name: str, entry: dict[str, Any], known: list[dict[str, Any]]
    ) -> Outcome:
        said = {key: value for key, value in entry.items() if key not in OWN_KEYS}
        return Outcome(
            kind, name, "failed", said, {}, [Finding.from_dict(record) for record in known]
        )

    def _entry(self, kind: Kind, name: str) -> dict[str, Any]:
        entry: dict[str, Any] = self.manifest.get(kind, {}).get(name, {})
        return entry


def _link(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except OSError:
        # Some file systems (exFAT, many network shares) know no hard links.
        shutil.copy2(file, target)


def _read(folder: Path | None, name: str) -> dict[str, Any]:
    if folder is None or not (folder / name).is_file():
        return {}
    try:
        content: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
    except ValueError:
        logger.warning("%s of release %s is damaged; everything is built anew", name, folder.name)
        return {}
    return content
