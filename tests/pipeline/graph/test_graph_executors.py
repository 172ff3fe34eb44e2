"""The same steps and the same bytes, whatever runs them; workers that die or differ."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.errors import OtherVersionError, SchedulerError
from pipeline.graph.executors import executor_for
from pipeline.graph.worker import Task, run_task
from pipeline.progress import silent

pytestmark = pytest.mark.slow


def digests(data):
    manifest = json.loads((data / "releases/current/manifest.json").read_text("utf-8"))
    return manifest["content"], {a["path"]: a["sha256"] for a in manifest["artefacts"]}


@pytest.fixture(scope="module")
def sample(run_tonari, tmp_path_factory):
    """Build the sample with a scheduler into a folder of its own."""

    def build(scheduler):
        data = tmp_path_factory.mktemp(scheduler.partition(":")[0])
        done = run_tonari("build", "--data", data, "--scheduler", scheduler)
        assert done.returncode == 0, done.stderr[-2000:]
        return digests(data)

    return build


@pytest.mark.timeout(1200)  # whole builds, on a machine that may do other work
def test_the_sample_is_the_same_built_serially_by_processes_and_on_a_cluster(sample, sample_data):
    serial = sample("serial")
    assert digests(sample_data) == serial  # processes, as a build runs that is told nothing
    assert sample("local") == serial


def test_a_scheduler_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(SchedulerError, match=r"no scheduler .* answers at tcp://127\.0\.0\.1:9"):
        executor_for("tcp://127.0.0.1:9", silent)


def test_a_worker_with_other_code_refuses_and_says_so(bench):
    step = bench.step("one")
    task = Task(step, "k" * 64, "r", "other code", (), bench.store.folder.parent, checked=True)
    with pytest.raises(OtherVersionError, match="another version of the program for 'one'"):
        run_task(task, silent)
    assert bench.runs("one") == 0


def test_ctrl_c_stops_all_workers_within_moments(project, tmp_path):
    """Workers ignore Ctrl-C themselves; the build ends them."""
    for number in range(4):
        rows = [(f"公園{i}", 130 + i / 90000, 33 + number / 100) for i in range(40000)]
        project.layer(f"parks{number}", rows=rows, outputs=["pmtiles"])
    project.load()
    build = subprocess.Popen(
        [sys.executable, "-m", "tonari", "build", "--json"],
        cwd=project.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    with build:
        for line in build.stderr:
            if '"done": 2' in line:  # steps are running
                break
        os.killpg(build.pid, signal.SIGINT)
        began = time.monotonic()
        build.stderr.read()
    assert build.returncode != 0
    deadline = began + 30
    while _members(build.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _members(build.pid) == []
    assert not (project.releases / "current").exists()


def _members(group):
    """Return the processes of a session that are still there."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, _, _, session, *_ = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(session) == group and state != "Z":
            found.append(int(process.name))
    return found


def test_a_build_that_is_killed_leaves_no_worker_behind_and_the_next_goes_on(project):
    for number in range(3):
        rows = [(f"公園{i}", 130 + i / 90000, 33 + number / 100) for i in range(20000)]
        project.layer(f"parks{number}", rows=rows, outputs=["pmtiles"])
    project.load()
    build = subprocess.Popen(
        [sys.executable, "-m", "tonari", "build", "--json"],
        cwd=project.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    with build:
        for line in build.stderr:
            if '"step": "steps", "done": 6' in line:
                break
        build.kill()
    deadline = time.monotonic() + 30
    while _members(build.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert _members(build.pid) == []
    result = project.build()
    assert not result.failed
    states = [step.state for outcome in result.outcomes for step in outcome.steps]
    assert states.count("reused") >= 6
