"""What the tests of the graph share: steps of our own, run in a cache of their own."""

import sys
from pathlib import Path

import pytest

from pipeline.graph.executors import executor_for
from pipeline.graph.keys import Keys
from pipeline.graph.run import Graph
from pipeline.graph.step import Step
from pipeline.graph.store import StepStore
from pipeline.progress import silent

HERE = Path(__file__).parent


class Bench:
    """Runs steps and tells how often each ran."""

    def __init__(self, folder):
        self.folder = folder
        self.store = StepStore(folder / "cache")
        self.store.prepare()

    def step(self, name, function="write", *inputs, text=None, clean=False, files=(), kills=0):
        from steps_for_tests import Says

        options = Says(text or name, self.folder / f"ran-{name}", kills)
        return Step(name, f"steps_for_tests:{function}", options, inputs, tuple(files), clean=clean)

    def run(self, *targets, scheduler="serial", known=()):
        keys, graph = Keys(), None
        graph = Graph(keys, self.store)
        missing = graph.plan(known, targets)
        if missing:
            executor = executor_for(scheduler, silent, ["steps_for_tests"])
            try:
                graph.run(executor)
            finally:
                executor.stop(now=True)
        found = graph.outcomes()
        return {outcome.step.name: outcome for outcome in found.values()}

    def runs(self, name):
        path = self.folder / f"ran-{name}"
        return path.stat().st_size if path.exists() else 0


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(HERE))
    yield Bench(tmp_path)
    sys.modules.pop("steps_for_tests", None)
