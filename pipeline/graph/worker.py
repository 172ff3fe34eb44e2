"""Running one step, in whatever process it is to run."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.errors import OtherVersionError, TonariError
from pipeline.findings import Catalogue, Finding
from pipeline.graph.digests import FileMemory
from pipeline.graph.keys import Keys
from pipeline.graph.step import Entry, Made, Step, Work, resolve
from pipeline.graph.store import StepStore
from pipeline.storage import disk_watched, trouble_of

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.progress import Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Task:
    """A step to run, and all that a process elsewhere needs to know of it.

    Attributes
    ----------
    step
        Without its inputs' inputs.
    code
        Digest of the code that its key speaks of.
    inputs
        Keys of the results it needs, all in the store.
    files
        ``(path as declared, file, digest)`` of every file it reads, as its key has them.
    cache
        Folder of the store, the same for whoever runs it.
    memory
        Bytes it may hold; 0 is no bound.
    checked
        Whether the process may have other code than the one that made the task.
    """

    step: Step
    key: str
    recipe: str
    code: str
    inputs: tuple[str, ...]
    cache: Path
    files: tuple[tuple[str, Path, str], ...] = ()
    memory: int = 0
    checked: bool = False


@dataclass(frozen=True)
class Done:
    """What became of a task: its result lies in the store, or findings say why there is none."""

    key: str
    failed: tuple[Finding, ...] = ()


def run_task(task: Task, tell: Progress) -> Done:
    """Run one step and keep its result.

    Whatever goes wrong in it stays its own and is said in findings, but for a process that has
    other code and a cache that takes nothing: those stop the build.

    Raises
    ------
    OtherVersionError
        If the code here is not the code the key was made of.
    CacheError, StorageError
        If the result cannot be kept.
    """
    if task.checked and Keys().code(task.step).digest != task.code:
        raise OtherVersionError(
            f"a worker has another version of the program for '{task.step.name}'; "
            "install the same version on every machine and start the workers again"
        )
    store = StepStore(task.cache)
    with disk_watched(task.cache.parent), store.making(task.key) as folder:
        started = time.perf_counter()
        made = _attempt(task, store, folder, tell)
        if isinstance(made, Done):
            return made
        changed = _changed(task)
        if changed:
            return Done(task.key, changed)
        seconds = time.perf_counter() - started
        findings = tuple(made.findings)
        entry = Entry(task.key, task.recipe, folder, made.facts, findings, seconds=seconds)
        store.keep(folder, entry, task.step.name)
    store.remember(task.recipe, task.step.name, task.key, list(task.inputs))
    return Done(task.key)


def _changed(task: Task) -> tuple[Finding, ...]:
    """Name the files that are not what the key says: what was read of them has no key."""
    memory, catalogue = FileMemory(), Catalogue.of("pipeline")
    return tuple(
        catalogue.finding("source-changed", file=name)
        for name, path, sha256 in task.files
        if memory.sha256(path) != sha256
    )


def _attempt(task: Task, store: StepStore, folder: Path, tell: Progress) -> Made | Done:
    try:
        return _call(task, store, folder, tell)
    except TonariError as error:
        if error.stops_the_build or trouble_of(error):
            raise
        findings: list[Finding] = getattr(error, "findings", [])
        return Done(task.key, tuple(findings) or (crash(task.step, str(error)),))
    except Exception as error:
        if trouble_of(error):
            raise
        logger.exception("%s", task.step.name)
        return Done(task.key, (crash(task.step, f"{type(error).__name__}: {error}"),))


def _call(task: Task, store: StepStore, folder: Path, tell: Progress) -> Made:
    inputs = tuple(entry for key in task.inputs if (entry := store.find(key)) is not None)
    if len(inputs) != len(task.inputs):
        raise TonariError("a result this step needs vanished from the cache; build again")
    work = Work(
        options=task.step.options,
        inputs=inputs,
        folder=folder,
        progress=lambda stage, done, total: tell(f"{task.step.name} {stage}", done, total),
        memory=task.memory,
        before=store.last(task.recipe, task.step.name),
        work=task.cache / "tiling",
    )
    made: Made = resolve(task.step.function)(work)
    return made


def crash(step: Step, reason: str) -> Finding:
    """Return the finding of a step that broke in a way nobody foresaw."""
    return Catalogue.of("pipeline").finding(
        "layer-crashed", field=step.name.partition(":")[0], reason=reason
    )
