"""One build: every job, then one release; a job that fails never touches what is served."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.errors import StorageError, TonariError, UndeclaredError
from pipeline.findings import Catalogue, Finding, has_error
from pipeline.jobs import Built
from pipeline.release.findings_table import write_findings
from pipeline.release.manifest import (
    artefact_record,
    content_digest,
    make_manifest,
    write_json,
)
from pipeline.release.outcome import Outcome
from pipeline.release.previous import Previous
from pipeline.release.report import write_report
from pipeline.release.store import Store, release_name
from pipeline.storage import disk_watched, trouble_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.jobs import Job
    from pipeline.progress import Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuildResult:
    """What a build did.

    Attributes
    ----------
    release
        Id of the release that is served now; empty if there is none.
    published
        Whether this build made it; ``False`` when nothing had changed or nothing succeeded.
    outcomes
        One per layer and feed of the release.
    only
        Names that were to be built; empty for all.
    """

    release: str
    published: bool
    outcomes: list[Outcome]
    only: tuple[str, ...] = ()

    @property
    def failed(self) -> list[Outcome]:
        """The layers and feeds that this build was to make and could not."""
        return [o for o in self.outcomes if o.failed and (not self.only or o.name in self.only)]


def build(
    declaration: Declaration,
    jobs: Sequence[Job],
    data: Path,
    progress: Progress,
    only: Sequence[str] = (),
) -> BuildResult:
    """Build the declared layers and feeds and publish a release.

    Parameters
    ----------
    jobs
        Every layer and feed of the declaration, in its order.
    data
        Folder that holds ``releases/``.
    only
        Names to build; the others are taken over from the served release as they are.

    Raises
    ------
    UndeclaredError
        If a name of `only` is not declared.
    ReleaseError
        If another build is running.
    StorageError
        If the disk takes no more.
    """
    wanted = chosen(jobs, only)
    store = Store(data)
    with disk_watched(data), store.staging() as staged:
        previous = Previous(store.current())
        outcomes = []
        for done, job in enumerate(jobs):
            progress(f"{job.name}", done, len(jobs))
            outcome = _run_one(job, staged, previous, progress, wanted=job in wanted)
            outcomes += [outcome] if outcome else []
        progress("release", len(jobs), len(jobs))
        return _publish(declaration, outcomes, staged, store, previous, tuple(only))


def check(jobs: Sequence[Job], progress: Progress, only: Sequence[str] = ()) -> list[Finding]:
    """Check layers and feeds without building; a job that stops does not stop the others.

    Raises
    ------
    UndeclaredError
        If a name of `only` is not declared.
    """
    findings: list[Finding] = []
    for job in chosen(jobs, only):
        findings += _attempt(job, partial(_checked, job, progress)).findings
    return findings


def _checked(job: Job, progress: Progress) -> Built:
    return Built(findings=job.check(progress))


def chosen(jobs: Sequence[Job], only: Sequence[str]) -> list[Job]:
    """Return the jobs of these names, or all of them if there are no names.

    Raises
    ------
    UndeclaredError
        If a name is not declared.
    """
    known = [job.name for job in jobs]
    for name in only:
        if name not in known:
            raise UndeclaredError(f"'{name}' is not declared; layers and feeds: {', '.join(known)}")
    return [job for job in jobs if not only or job.name in only]


def _run_one(
    job: Job, staged: Path, previous: Previous, progress: Progress, *, wanted: bool
) -> Outcome | None:
    if not wanted:
        if previous.serves(job.kind, job.name) and not previous.allows(job):
            return _withdrawn(job, [])
        return previous.link(job.kind, job.name, staged)
    key = _key(job)
    if key == previous.key(job.kind, job.name):
        linked = previous.link(job.kind, job.name, staged)
        if linked is not None:
            return linked
    folder = staged / job.kind / job.name
    folder.mkdir(parents=True)
    built = _attempt(job, lambda: job.build(folder, progress))
    if not has_error(built.findings):
        paths = {k: f"{job.kind}/{job.name}/{file}" for k, file in built.artefacts.items()}
        return Outcome(
            job.kind, job.name, "built", built.entry, paths, built.findings, key=built.key or key
        )
    shutil.rmtree(folder)
    if previous.serves(job.kind, job.name) and not previous.allows(job):
        return _withdrawn(job, built.findings)
    kept = previous.link(job.kind, job.name, staged, "kept", built.findings)
    return kept or Outcome(job.kind, job.name, "failed", built.entry, {}, built.findings)


def _withdrawn(job: Job, findings: list[Finding]) -> Outcome:
    """Take a layer back whose last version holds what may not be published any more."""
    finding = Catalogue.of("pipeline").finding("withheld-now", field=f"{job.kind}.{job.name}")
    return Outcome(job.kind, job.name, "failed", {"title": job.title}, {}, [*findings, finding])


def _key(job: Job) -> str:
    try:
        return job.key()
    except Exception:
        # Building meets the same obstacle and says what it is.
        logger.exception("%s.%s", job.kind, job.name)
        return ""


def _attempt(job: Job, work: Callable[[], Built]) -> Built:
    """Do the work of one job; whatever goes wrong in it stays its own, said in one finding."""
    try:
        return work()
    except StorageError:
        raise
    except TonariError as error:
        if trouble_of(error):
            raise  # no other layer could be written either
        findings: list[Finding] = getattr(error, "findings", [])
        return Built({"title": job.title}, {}, findings or [_crash(job, str(error))])
    except Exception as error:
        if trouble_of(error):
            raise
        logger.exception("%s.%s", job.kind, job.name)
        crash = _crash(job, f"{type(error).__name__}: {error}")
        return Built({"title": job.title}, {}, [crash])


def _crash(job: Job, reason: str) -> Finding:
    return Catalogue.of("pipeline").finding(
        "layer-crashed", field=f"{job.kind}.{job.name}", reason=reason
    )


def _publish(
    declaration: Declaration,
    outcomes: list[Outcome],
    staged: Path,
    store: Store,
    previous: Previous,
    only: tuple[str, ...],
) -> BuildResult:
    served = previous.folder.name if previous.folder else ""
    unchanged = BuildResult(served, published=False, outcomes=outcomes, only=only)
    if not any(outcome.artefacts for outcome in outcomes):
        return unchanged
    files = sorted(p for p in staged.rglob("*") if p.is_file())
    artefacts = [artefact_record(staged, path) for path in files]
    content = content_digest(declaration, outcomes, artefacts)
    if content == previous.manifest.get("content"):
        return unchanged
    now = _after(store.names(), dt.datetime.now(dt.UTC))
    name = release_name(content, now)
    manifest = make_manifest(
        declaration,
        outcomes,
        artefacts,
        name=name,
        created=f"{now:%Y-%m-%dT%H:%M:%SZ}",
        content=content,
    )
    _write_records(manifest, outcomes, staged, previous)
    store.publish(staged, name)
    return BuildResult(name, published=True, outcomes=outcomes, only=only)


def _after(names: list[str], now: dt.datetime) -> dt.datetime:
    """Keep ids in order of publication even for two builds within one second."""
    if not names:
        return now
    last = dt.datetime.strptime(names[-1][:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    return max(now, last + dt.timedelta(seconds=1))


def _write_records(
    manifest: dict[str, Any], outcomes: list[Outcome], staged: Path, previous: Previous
) -> None:
    findings: dict[str, dict[str, Any]] = {"layers": {}, "feeds": {}}
    for outcome in outcomes:
        findings[outcome.kind][outcome.name] = [f.as_dict() for f in outcome.findings]
    write_json(staged / "findings.json", findings)
    write_findings(staged / "findings.csv", outcomes)
    write_report(staged / "report.html", manifest, outcomes, previous.manifest)
    write_json(staged / "manifest.json", manifest)
