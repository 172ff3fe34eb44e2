"""Layers of a build that would give suppressed numbers away: they are not published."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.findings import Severity
from pipeline.release.outcome import Outcome
from pipeline.release.veil import veiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipeline.findings import Finding
    from pipeline.jobs import Job
    from pipeline.privacy.audit.knowledge import Table, Target
    from pipeline.release.previous import Previous
    from pipeline.release.store import Store


def audited(
    outcomes: list[Outcome], staged: Path, store: Store, previous: Previous, jobs: Mapping[str, Job]
) -> list[Outcome]:
    """Attack the counts of a release with those of all kept ones before it is published.

    Layers built now whose records can be told too well because of them are taken back, and the
    version before is kept. What kept releases tell already is a warning: not to publish the
    better version would not help.
    """
    if not any(_protected(outcome) for outcome in outcomes):
        return outcomes
    # Most declarations have no table of counts; the solver is not for them.
    from pipeline.privacy.audit.attack_releases import (  # noqa: PLC0415
        contradiction,
        narrow_findings,
        other_veils,
        tables_of,
    )
    from pipeline.privacy.audit.intervals import ContradictionError  # noqa: PLC0415
    from pipeline.privacy.audit.staged import told  # noqa: PLC0415

    salt = store.salt()
    entries = {
        o.name: veiled(o.entry, salt) for o in outcomes if o.kind == "layers" and o.artefacts
    }
    unread: list[Finding] = []
    now = list(tables_of("", staged, entries, unread))
    kept = [table for name in store.names() for table in _kept(store, name, salt, unread)]
    before = {name: (store.folder / name, store.manifest(name)) for name in store.names()}
    strange = list(other_veils(before, {"layers": entries}))
    outcomes = [_with(o, strange) if _protected(o) else o for o in outcomes]
    # A kept release that is damaged is no reason to serve what is older still.
    unread = [replace(finding, severity=Severity.WARNING) for finding in unread]
    outcomes = [_with(o, [f for f in unread if _about(f, o)]) for o in outcomes]
    contradicted = False
    try:
        found = told(kept, now)
    except ContradictionError:
        # Older releases may be of other records: what is published now is attacked by itself.
        contradicted = True
        try:
            found = told([], now)
        except ContradictionError:
            return [_undecided(o, staged, previous, jobs) for o in outcomes]
    out = []
    told_of = [
        _with(o, [contradiction(o.name)]) if contradicted and _protected(o) else o for o in outcomes
    ]
    for outcome in told_of:
        mine = outcome.entry.get("disclosure", {}).get("universe")
        newly = [t for universe, t in found.newly if universe == mine]
        already = _of(outcome, [t for _, t in found.already])
        if outcome.status == "built" and newly:
            findings = list(narrow_findings(newly, outcome.name))
            out.append(_taken_back(outcome, findings, staged, previous, jobs))
        else:
            warnings = narrow_findings(already, outcome.name)
            out.append(_with(outcome, [replace(f, severity=Severity.WARNING) for f in warnings]))
    return out


def _kept(store: Store, name: str, salt: bytes, unread: list[Finding]) -> Iterable[Table]:
    from pipeline.privacy.audit.attack_releases import tables_of  # noqa: PLC0415 - as above

    layers = {n: veiled(e, salt) for n, e in store.manifest(name)["layers"].items()}
    yield from tables_of(name, store.folder / name, layers, unread)


def _undecided(
    outcome: Outcome, staged: Path, previous: Previous, jobs: Mapping[str, Job]
) -> Outcome:
    """Take back what cannot be attacked: nobody can vouch for it."""
    if outcome.status != "built" or not _protected(outcome):
        return outcome
    from pipeline.privacy.audit.attack_releases import contradiction  # noqa: PLC0415 - as above

    finding = replace(contradiction(outcome.name), severity=Severity.ERROR)
    return _taken_back(outcome, [finding], staged, previous, jobs)


def _protected(outcome: Outcome) -> bool:
    return bool(outcome.entry.get("disclosure", {}).get("width"))


def _about(finding: Finding, outcome: Outcome) -> bool:
    return outcome.kind == "layers" and finding.field == f"layers.{outcome.name}"


def _of(outcome: Outcome, targets: list[Target]) -> list[Target]:
    return [t for t in targets if outcome.kind == "layers" and t.layer == outcome.name]


def _with(outcome: Outcome, findings: list[Finding]) -> Outcome:
    return replace(outcome, findings=[*outcome.findings, *findings]) if findings else outcome


def _taken_back(
    outcome: Outcome,
    findings: list[Finding],
    staged: Path,
    previous: Previous,
    jobs: Mapping[str, Job],
) -> Outcome:
    shutil.rmtree(staged / outcome.kind / outcome.name)
    findings = [*outcome.findings, *findings]
    kept = None
    if previous.serves(outcome.kind, outcome.name) and previous.allows(jobs[outcome.name]):
        kept = previous.link(outcome.kind, outcome.name, staged, "kept", findings)
    if kept is None:
        entry = {key: outcome.entry[key] for key in ("title",) if key in outcome.entry}
        kept = Outcome(outcome.kind, outcome.name, "failed", entry, {}, findings)
    kept.inside, kept.steps = outcome.inside, outcome.steps
    return kept
