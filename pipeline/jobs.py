"""What a build consists of: jobs that each make one publishable thing."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.progress import Progress

Kind = Literal["layers", "feeds"]


@dataclass
class Built:
    """What a job made.

    Attributes
    ----------
    entry
        The job's part of the manifest, without status and artefacts.
    artefacts
        ``{format: file name inside the job's folder}``.
    findings
        Everything observed; an error means that nothing of it may be published.
    key
        Of the job from now on, where building it changed what decides the result.
    """

    entry: dict[str, Any] = field(default_factory=dict)
    artefacts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    key: str = ""


class Job(Protocol):
    """One layer or feed of a build."""

    name: str
    kind: Kind
    title: dict[str, str]

    def key(self) -> str:
        """Return a digest of all that decides the result: sources, declaration, code."""

    def may_serve(self, entry: dict[str, Any]) -> bool:
        """Tell whether what an earlier release serves may still be published."""

    def check(self, progress: Progress) -> list[Finding]:
        """Make every check without writing anything."""

    def build(self, folder: Path, progress: Progress) -> Built:
        """Write the artefacts into `folder`, which exists and is empty."""


def build_key(kind: Kind, declaration: dict[str, Any], files: dict[str, str], code: str) -> str:
    """Return a digest that changes whenever the result of a job could.

    Parameters
    ----------
    declaration
        The part of the declaration the job reads, as JSON-ready data.
    files
        ``{path as declared: sha256 or "missing"}`` of every source.
    code
        Digest of the code and libraries that do the work.
    """
    parts = {"kind": kind, "declaration": declaration, "files": files, "code": code}
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def code_digest(*packages: str) -> str:
    """Return a digest of the modules and data files of `packages`."""
    state = hashlib.sha256()
    for package in packages:
        for name, text in sorted(_texts(resources.files(package), package)):
            state.update(name.encode() + b"\0" + text + b"\0")
    return state.hexdigest()


def _texts(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        name = f"{prefix}/{entry.name}"
        if entry.is_dir():
            found += [] if entry.name == "__pycache__" else _texts(entry, name)
        elif not entry.name.endswith((".pyc", ".nbi", ".nbc", ".j2")):
            found.append((name, entry.read_bytes()))
    return found
