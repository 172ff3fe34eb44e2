"""Running the steps of one build: cache, executor, and an account of what was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pipeline.graph.executors import executor_for
from pipeline.graph.run import Graph, Outcome, Why
from pipeline.graph.store import StepStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Protocol

    from pipeline.graph.keys import Keys
    from pipeline.graph.step import Step
    from pipeline.jobs import Needs
    from pipeline.progress import Progress

    class RunOptions(Protocol):
        """What :class:`pipeline.run.Options` says."""

        @property
        def scheduler(self) -> str: ...
        @property
        def memory(self) -> int: ...


State = Literal["reused", "ran", "failed", "blocked"]


@dataclass(frozen=True)
class StepAccount:
    """What became of one step of a job.

    Attributes
    ----------
    name
        Of the step.
    state
        Used again, run now, failed, or blocked by one before it.
    why
        Why it ran: the reason the graph gives, and for ``new`` the nearest cause: a step
        before it ran, or its own files, options or code are new.
    seconds
        How long it took when it ran.
    """

    name: str
    state: State
    why: str = ""
    seconds: float = 0.0

    @property
    def shown(self) -> bool:
        """Whether it may be named in what is published: records are not."""
        return "records." not in self.name + self.why


class Run:
    """The steps of one build, run together.

    Parameters
    ----------
    data
        Folder that holds ``cache/``.
    keys
        Of this build.
    options
        Where steps run, and how much memory they may hold.
    progress
        Told what the steps tell.
    """

    def __init__(self, data: Path, keys: Keys, options: RunOptions, progress: Progress) -> None:
        self._store = StepStore((data / "cache").resolve())
        self._keys, self._options, self._progress = keys, options, progress
        self._outcomes: dict[str, Outcome] = {}

    def all(self, needs: Iterable[Needs]) -> None:
        """Run what is missing of the steps of all jobs; no worker is started for nothing.

        Raises
        ------
        CacheError
            If the cache cannot be written.
        SchedulerError
            If the scheduler is not there.
        OtherVersionError
            If a worker has other code.
        """
        needs = list(needs)
        if not needs:
            return
        self._store.prepare()
        self._store.clear_parts()
        graph = Graph(self._keys, self._store)
        told = [step for one in needs for step in (*one.told, *one.made)]
        missing = graph.plan(told, [step for one in needs for step in one.made])
        self._outcomes = graph.outcomes()
        if missing:
            self._run(graph, missing)

    def _run(self, graph: Graph, missing: list[Step]) -> None:
        options = self._options
        modules = sorted({step.function.partition(":")[0] for step in missing})
        executor = executor_for(options.scheduler, self._progress, modules, options.memory)
        # Workers elsewhere may have been installed by others, or run code that was edited since.
        checked = options.scheduler not in ("serial", "processes")
        try:
            graph.run(executor, self._progress, memory=options.memory, checked=checked)
        except BaseException:
            executor.stop(now=True)
            raise
        executor.stop(now=False)

    def outcome(self, step: Step) -> Outcome:
        """Return what became of a step."""
        return self._outcomes[self._keys.key(step)]

    def account(self, needs: Needs | None) -> list[StepAccount]:
        """Say of every step of a job what became of it."""
        steps: dict[str, Step] = {}
        for step in (*needs.told, *needs.made) if needs else ():
            for one in (*step.ancestors(), step):
                steps.setdefault(self._keys.key(one), one)
        return [self._account(step) for step in steps.values()]

    def _account(self, step: Step) -> StepAccount:
        outcome = self.outcome(step)
        if outcome.blocked:
            return StepAccount(step.name, "blocked", outcome.blocked)
        if outcome.ran is None:
            return StepAccount(step.name, "reused")
        why = outcome.ran.value
        if outcome.ran is Why.NEW:
            ran = [i.name for i in step.inputs if self.outcome(i).ran is not None]
            why = f"after {ran[0]}" if ran else "files, options or code are new"
        if outcome.entry is None:
            return StepAccount(step.name, "failed", why)
        return StepAccount(step.name, "ran", why, outcome.entry.seconds)
