"""Running a graph: what is whole is used again, what is not is made, what cannot be is said."""

from __future__ import annotations

import time
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pipeline.findings import Catalogue, Finding, has_error
from pipeline.graph.executor import WorkerLostError
from pipeline.graph.worker import Task
from pipeline.progress import silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

    from pipeline.graph.executor import StepExecutor
    from pipeline.graph.keys import Keys
    from pipeline.graph.step import Entry, Step
    from pipeline.graph.store import StepStore
    from pipeline.graph.worker import Done
    from pipeline.progress import Progress

KILLED = 3
"""How often a step may lose its process before it is given up."""


class Why(StrEnum):
    """Why a step ran."""

    NEW = "new"
    DAMAGED = "damaged"


@dataclass
class Outcome:
    """What became of one step.

    Attributes
    ----------
    entry
        Its result; ``None`` if it failed or was blocked.
    findings
        Of the result, or why there is none.
    ran
        Why it ran; ``None`` if it did not.
    blocked
        Name of the step before it that stopped it; empty if none did.
    """

    step: Step
    key: str
    entry: Entry | None = None
    findings: tuple[Finding, ...] = ()
    ran: Why | None = None
    blocked: str = ""


@dataclass
class _State:
    wanted: dict[str, Step] = field(default_factory=dict)
    run: dict[str, Why] = field(default_factory=dict)
    known: dict[str, Entry] = field(default_factory=dict)
    whole: dict[str, bool] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    killed: dict[str, int] = field(default_factory=dict)


class Graph:
    """Runs steps and what they need.

    Parameters
    ----------
    keys, store
        Of this build.
    """

    def __init__(self, keys: Keys, store: StepStore) -> None:
        self.keys, self.store = keys, store
        self._state = _State()

    def plan(self, known: Iterable[Step], whole: Iterable[Step]) -> list[Step]:
        """Find out what is missing.

        Parameters
        ----------
        known
            Steps of which facts and findings are wanted, with all steps before them.
        whole
            Steps whose files are wanted too.

        Returns
        -------
        list of Step
            Those that have to run.
        """
        state = self._state
        for step in known:
            self._want(step, files=False)
        for step in whole:
            self._want(step, files=True)
        for key, step in state.wanted.items():
            if key not in state.run:
                entry = state.known[key]
                state.outcomes[key] = Outcome(step, key, entry, entry.findings)
        return [state.wanted[key] for key in state.run]

    def run(
        self,
        executor: StepExecutor,
        progress: Progress = silent,
        *,
        memory: int = 0,
        checked: bool = False,
    ) -> None:
        """Make what is missing.

        Parameters
        ----------
        executor
            Where steps run.
        progress
            Told how many steps are done.
        memory
            Bytes that all steps together may hold; 0 is no bound.
        checked
            Whether workers may have other code.
        """
        state, share = self._state, memory // executor.slots
        waiting = {key: state.wanted[key] for key in state.run}
        running: dict[Future[Done], str] = {}
        while waiting or running:
            for key in self._ready(waiting, executor.slots - len(running)):
                task = replace(self._task(waiting.pop(key), key), memory=share, checked=checked)
                running[executor.submit(task)] = key
            if not running:
                continue
            progress("steps", len(state.run) - len(waiting) - len(running), len(state.run))
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                key = running.pop(future)
                if not self._settle(key, future):
                    waiting[key] = state.wanted[key]
        progress("steps", len(state.run), len(state.run))

    def outcomes(self) -> dict[str, Outcome]:
        """Return ``{key: outcome}`` of all steps planned and of everything before them."""
        return self._state.outcomes

    def _want(self, step: Step, *, files: bool) -> None:
        state, key = self._state, self.keys.key(step)
        if key not in state.wanted:
            state.wanted[key] = step
            entry = self.store.find(key)
            if entry is not None:
                state.known[key] = entry
            else:
                self._run_it(step, key, Why.NEW)
            for before in step.inputs:
                self._want(before, files=False)
        if files and key not in state.run and key not in state.whole:
            state.whole[key] = self.store.whole(state.known[key])
            if not state.whole[key]:
                self._run_it(step, key, Why.DAMAGED)

    def _run_it(self, step: Step, key: str, why: Why) -> None:
        self._state.run[key] = why
        for before in step.inputs:
            self._want(before, files=True)

    def _ready(self, waiting: dict[str, Step], free: int) -> list[str]:
        """Return keys of steps to begin; those that cannot be are told so and leave the line."""
        ready: list[str] = []
        for key, step in list(waiting.items()):
            # A clean step asks of everything before it, also of what ran again for its findings.
            before = step.ancestors() if step.clean else step.inputs
            if any(self.keys.key(one) not in self._state.outcomes for one in before):
                continue
            blocker = next(self._blockers(step), None)
            if blocker is not None:
                del waiting[key]
                self._state.outcomes[key] = Outcome(step, key, blocked=blocker)
            elif len(ready) < free:
                ready.append(key)
        return ready

    def _blockers(self, step: Step) -> Iterator[str]:
        for before in step.inputs:
            outcome = self._state.outcomes[self.keys.key(before)]
            if outcome.entry is None:
                yield outcome.blocked or before.name
        if step.clean:
            for before in step.ancestors():
                if has_error(self._state.outcomes[self.keys.key(before)].findings):
                    yield before.name

    def _task(self, step: Step, key: str) -> Task:
        read = self.keys.read_by(step)
        return Task(
            step=replace(step, inputs=()),
            key=key,
            recipe=self.keys.recipe(step),
            code=self.keys.code(step).digest,
            inputs=tuple(self.keys.key(before) for before in step.inputs),
            cache=self.store.folder.parent,
            files=tuple((name, path, read[name]) for name, path in step.files),
        )

    def _settle(self, key: str, future: Future[Done]) -> bool:
        """Take up what became of a step; ``False`` if it has to run again."""
        state, step = self._state, self._state.wanted[key]
        why = state.run[key]
        try:
            done = future.result()
        except WorkerLostError:
            state.killed[key] = state.killed.get(key, 0) + 1
            if state.killed[key] < KILLED:
                return False
            lost = Catalogue.of("pipeline").finding(
                "step-killed", field=step.name.partition(":")[0], count=KILLED, step=step.name
            )
            state.outcomes[key] = Outcome(step, key, None, (lost,), why)
            return True
        if done.failed:
            state.outcomes[key] = Outcome(step, key, None, done.failed, why)
            return True
        entry = self.store.find(key)
        if entry is None:
            return self._vanished(key, step, why)
        state.outcomes[key] = Outcome(step, key, entry, entry.findings, why)
        return True

    def _vanished(self, key: str, step: Step, why: Why) -> bool:
        """Wait a moment for a shared folder that shows late what another machine wrote."""
        for _ in range(50):
            time.sleep(0.1)
            entry = self.store.find(key)
            if entry is not None:
                self._state.outcomes[key] = Outcome(step, key, entry, entry.findings, why)
                return True
        lost = Catalogue.of("pipeline").finding(
            "step-lost", field=step.name.partition(":")[0], step=step.name
        )
        self._state.outcomes[key] = Outcome(step, key, None, (lost,), why)
        return True
