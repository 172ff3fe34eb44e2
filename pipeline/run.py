"""One build: every job, then one release; a job that fails never touches what is served."""

from __future__ import annotations

import datetime as dt
import logging
import shutil
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from pipeline.errors import StorageError, TonariError
from pipeline.federation.neighbourhood import Neighbourhood
from pipeline.findings import Catalogue, Finding, has_error
from pipeline.graph.keys import Keys
from pipeline.graph.session import Run
from pipeline.jobs import Built, Needs, undeclared
from pipeline.release.audited import audited
from pipeline.release.manifest import (
    artefact_record,
    content_digest,
    make_manifest,
)
from pipeline.release.outcome import Outcome, Status
from pipeline.release.previous import Previous
from pipeline.release.public import public_outcome
from pipeline.release.store import Store, release_name
from pipeline.storage import disk_watched, trouble_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pipeline.config.declaration import Declaration
    from pipeline.federation.signing import Signer
    from pipeline.jobs import Job
    from pipeline.progress import Progress

logger = logging.getLogger(__name__)
MEMORY = "files.json"
"""In ``data/cache``: what is known of files that look untouched."""


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


@dataclass(frozen=True)
class Options:
    """How a build runs; none of it changes what it makes.

    Attributes
    ----------
    scheduler
        See :func:`pipeline.graph.executors.executor_for`.
    memory
        Bytes that all steps together may hold; 0 is no bound.
    keys
        That the declaration was read with, so that no file is looked at twice; else new ones.
    """

    scheduler: str = "serial"
    memory: int = 0
    keys: Keys | None = None

    def keys_for(self, data: Path) -> Keys:
        """Return the keys of a build on a data folder."""
        return self.keys or Keys(data / "cache" / MEMORY)


@dataclass(frozen=True)
class Standing:
    """Where a release stands among its neighbours.

    Attributes
    ----------
    neighbourhood
        What they have given.
    signer
        Who signs it; nobody, if ``None``.
    """

    neighbourhood: Neighbourhood = field(default_factory=Neighbourhood)
    signer: Signer | None = None


def build(
    declaration: Declaration,
    jobs: Sequence[Job],
    data: Path,
    progress: Progress,
    only: Sequence[str] = (),
    options: Options | None = None,
    standing: Standing | None = None,
) -> BuildResult:
    """Build the declared layers and feeds and publish a release.

    Parameters
    ----------
    jobs
        Every layer and feed of the declaration, in its order.
    data
        Folder that holds ``releases/`` and ``cache/``.
    only
        Names to build; the others are taken over from the served release as they are.
    options
        How to run.
    standing
        What neighbours have given, and who signs.

    Raises
    ------
    UndeclaredError
        If a name of `only` is not declared.
    ReleaseError
        If another build is running.
    StorageError
        If the disk takes no more.
    CacheError, SchedulerError, OtherVersionError
        If steps cannot be run or kept at all.
    """
    wanted, options = chosen(jobs, only), options or Options()
    store = Store(data)
    with disk_watched(data), store.staging() as staged:
        previous = Previous(store.current(), store.office_of_current())
        keys = options.keys_for(data)
        turns = [_turn(job, previous, keys, wanted=job in wanted) for job in jobs]
        due = [turn for turn in turns if turn.due]
        run = Run(data, keys, options, progress)
        run.all(turn.needs for turn in due if turn.needs is not None)
        outcomes = []
        for turn in turns:
            outcome = _finish(turn, run, staged, previous, keys)
            outcomes += [outcome] if outcome else []
        layers = {job.name: job for job in jobs if job.kind == "layers"}
        outcomes = audited(outcomes, staged, store, previous, layers)
        keys.files.save()
        progress("release", len(jobs), len(jobs))
        publishing = _Publishing(declaration, staged, store, previous, standing or Standing())
        return publishing.publish(outcomes, tuple(only))


def check(
    jobs: Sequence[Job],
    data: Path,
    progress: Progress,
    only: Sequence[str] = (),
    options: Options | None = None,
) -> list[Outcome]:
    """Check layers and feeds without building; a job that stops does not stop the others.

    Returns
    -------
    list of Outcome
        Of each job, with its findings, those of its records apart, and how it differs from what
        is served; status ``checked``, or ``failed`` where it could not be published.

    Raises
    ------
    UndeclaredError
        If a name of `only` is not declared.
    """
    wanted, options = chosen(jobs, only), options or Options()
    keys = options.keys_for(data)
    outcomes = []
    run = Run(data, keys, options, progress)
    needs = {id(job): _attempt(job, partial(_needs, job, check=True)) for job in wanted}
    run.all(found for found in needs.values() if isinstance(found, Needs))
    for job in wanted:
        found = needs[id(job)]
        if isinstance(found, Needs):
            found = _attempt(job, partial(job.findings, run.outcome))
        status: Status = "failed" if has_error([*found.findings, *found.inside]) else "checked"
        outcomes.append(
            Outcome(
                job.kind,
                job.name,
                status,
                {"title": job.title},
                {},
                found.findings,
                inside=found.inside,
                changes=found.changes,
            )
        )
    keys.files.save()
    return outcomes


def _needs(job: Job, *, check: bool) -> Needs:
    return job.needs(check=check)


@dataclass(frozen=True)
class _Turn:
    """What a build has to do for one job.

    Attributes
    ----------
    wanted, key
        Whether it was asked for, and what decides the result.
    unchanged
        Whether the release before has it just like that.
    needs
        Its steps; ``None`` if they are not needed or there are none.
    stopped
        Why there are none.
    """

    job: Job
    wanted: bool
    key: str = ""
    unchanged: bool = False
    needs: Needs | None = None
    stopped: Built | None = None

    @property
    def due(self) -> bool:
        return self.wanted and not self.unchanged


def _turn(job: Job, previous: Previous, keys: Keys, *, wanted: bool) -> _Turn:
    if not wanted:
        return _Turn(job, wanted=False)
    key = _key(job, keys)
    if key and key == previous.key(job.kind, job.name):
        return _Turn(job, wanted=True, key=key, unchanged=True)
    needs = _attempt(job, partial(_needs, job, check=False))
    if isinstance(needs, Needs):
        return _Turn(job, wanted=True, key=key, needs=needs)
    return _Turn(job, wanted=True, key=key, stopped=needs)


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
            raise undeclared(name, {job.name: job.title for job in jobs})
    return [job for job in jobs if not only or job.name in only]


def _finish(turn: _Turn, run: Run, staged: Path, previous: Previous, keys: Keys) -> Outcome | None:
    job = turn.job
    if not turn.wanted:
        if previous.serves(job.kind, job.name) and not previous.allows(job):
            return _withdrawn(job, Built())
        return previous.link(job.kind, job.name, staged)
    if turn.unchanged:
        return previous.link(job.kind, job.name, staged)
    folder = staged / job.kind / job.name
    folder.mkdir(parents=True)
    built = turn.stopped
    if built is None:
        built = _attempt(job, partial(job.compose, run.outcome, folder))
    steps = run.account(turn.needs)
    if not has_error([*built.findings, *built.inside]):
        paths = {k: f"{job.kind}/{job.name}/{file}" for k, file in built.artefacts.items()}
        key = job.accept(run.outcome, keys) if turn.needs else ""
        return Outcome(
            job.kind, job.name, "built", built.entry, paths, built.findings,
            key=key or turn.key, inside=built.inside, steps=steps, changes=built.changes,
        )  # fmt: skip
    shutil.rmtree(folder)
    if previous.serves(job.kind, job.name) and not previous.allows(job):
        return _withdrawn(job, built)
    kept = previous.link(job.kind, job.name, staged, "kept", built.findings)
    if kept is None:
        kept = Outcome(job.kind, job.name, "failed", built.entry, {}, built.findings)
    kept.inside, kept.steps, kept.changes = built.inside, steps, built.changes
    return kept


def _withdrawn(job: Job, built: Built) -> Outcome:
    """Take a layer back whose last version holds what may not be published any more."""
    finding = Catalogue.of("pipeline").finding("withheld-now", field=f"{job.kind}.{job.name}")
    findings = [*built.findings, finding]
    return Outcome(
        job.kind, job.name, "failed", {"title": job.title}, {}, findings, inside=built.inside
    )


def _key(job: Job, keys: Keys) -> str:
    try:
        return job.key(keys)
    except Exception:
        # Building meets the same obstacle and says what it is.
        logger.debug("%s.%s", job.kind, job.name, exc_info=True)
        return ""


T = TypeVar("T")


def _attempt(job: Job, work: Callable[[], T]) -> T | Built:
    """Do the work of one job; whatever goes wrong in it stays its own, said in one finding."""
    try:
        return work()
    except StorageError:
        raise
    except TonariError as error:
        if error.stops_the_build or trouble_of(error):
            raise  # nothing else could be written either
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


@dataclass(frozen=True)
class _Publishing:
    """What it takes to make a staged folder a release."""

    declaration: Declaration
    staged: Path
    store: Store
    previous: Previous
    standing: Standing

    def publish(self, outcomes: list[Outcome], only: tuple[str, ...]) -> BuildResult:
        served = self.previous.folder.name if self.previous.folder else ""
        unchanged = BuildResult(served, published=False, outcomes=outcomes, only=only)
        if not any(outcome.artefacts for outcome in outcomes):
            return unchanged
        files = sorted(p for p in self.staged.rglob("*") if p.is_file())
        artefacts = [artefact_record(self.staged, path) for path in files]
        around, signer = self.standing.neighbourhood, self.standing.signer
        secret = any(outcome.entry.get("disclosure") for outcome in outcomes)
        salt = self.store.salt() if secret else b""
        public = [public_outcome(outcome, salt) for outcome in outcomes]
        content = content_digest(self.declaration, outcomes, public, artefacts, around)
        now = dt.datetime.now(dt.UTC)
        signed_well = signer is None or not signer.due(self.previous.manifest, now)
        if content == self.previous.manifest.get("content") and signed_well:
            return unchanged
        now = _after(self.store.names(), now)
        name = release_name(content, now)
        compose = partial(
            make_manifest,
            self.declaration,
            artefacts=artefacts,
            name=name,
            created=f"{now:%Y-%m-%dT%H:%M:%SZ}",
            content=content,
            neighbourhood=around,
            signing=signer.part(now, self._served()) if signer else None,
        )
        # A build that finds nothing changed does without templates and tables.
        from pipeline.release.records import write_records  # noqa: PLC0415

        before = self.previous.manifest
        write_records(compose(outcomes), outcomes, self.store.office(name), before)
        write_records(compose(public), public, self.staged, before)
        if signer:
            signer.write(self.staged)
        self.store.publish(self.staged, name)
        return BuildResult(name, published=True, outcomes=outcomes, only=only)

    def _served(self) -> bytes:
        path = self.previous.folder / "manifest.json" if self.previous.folder else None
        return path.read_bytes() if path is not None and path.is_file() else b""


def _after(names: list[str], now: dt.datetime) -> dt.datetime:
    """Keep ids in order of publication even for two builds within one second."""
    if not names:
        return now
    last = dt.datetime.strptime(names[-1][:16], "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
    return max(now, last + dt.timedelta(seconds=1))
