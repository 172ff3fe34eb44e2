"""What became of one job in one release."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from pipeline.findings import Finding, count_by_severity

if TYPE_CHECKING:
    from pipeline.graph.session import StepAccount
    from pipeline.jobs import Changes, Kind

Status = Literal["built", "linked", "kept", "failed", "checked"]
OWN_KEYS = frozenset({"status", "built_in", "modified", "key", "findings", "artefacts"})
"""Parts of a manifest entry that belong to the outcome, not to what the job said."""


@dataclass
class Outcome:
    """One layer or feed of a release.

    Attributes
    ----------
    status
        ``built`` now; ``linked`` from the previous release because nothing changed; ``kept``
        from the previous release because this build failed; ``failed`` with nothing to keep;
        ``checked`` without being built.
    entry
        What the job says about itself.
    artefacts
        ``{format: path inside the release}``.
    built_in, modified
        Release and UTC time of the content; empty when it is this release.
    key
        Build key of the content.
    inside
        Findings in data that stays inside; no part of a release.
    steps
        What was used again, what ran and why; no part of a release.
    changes
        Against the served version, also where the new one is not published; no part of a release.
    """

    kind: Kind
    name: str
    status: Status
    entry: dict[str, Any] = field(default_factory=dict)
    artefacts: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    built_in: str = ""
    modified: str = ""
    key: str = ""
    inside: list[Finding] = field(default_factory=list)
    steps: list[StepAccount] = field(default_factory=list)
    changes: Changes | None = None

    @property
    def failed(self) -> bool:
        """Whether this build did not produce it."""
        return self.status in ("kept", "failed")

    def manifest_entry(self, release: str, created: str) -> dict[str, Any]:
        """Return the entry under ``layers`` or ``feeds``."""
        return self.entry | {
            "status": self.status,
            "built_in": self.built_in or (release if self.artefacts else ""),
            "modified": self.modified or (created if self.artefacts else ""),
            "key": self.key,
            "findings": count_by_severity(self.findings),
            "artefacts": self.artefacts,
        }
