"""What is a lost worker and what is trouble of our own, shown on real processes."""

import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipeline.errors import StorageError
from pipeline.graph.executor import WorkerLostError
from pipeline.graph.processes import ProcessesExecutor
from pipeline.graph.worker import Task
from pipeline.progress import Lasting, silent

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
WAIT = 60
"""Seconds after which an answer counts as lost."""


@pytest.fixture
def one(bench):
    """Run steps in one process, told to a listener."""
    started = []

    def start(tell=silent):
        executor = ProcessesExecutor(1, tell, ["steps_for_tests"])
        started.append(executor)

        def run(name, function, kills=0):
            step = bench.step(name, function, kills=kills)
            cache = bench.store.folder.parent
            return executor.submit(Task(step, name * 64, "r", "c", (), cache)).result(WAIT)

        return executor, run

    yield start
    for executor in started:
        executor.stop(now=True)


def to_a_full_disk(step, done, total):
    with Path("/dev/full").open("wb", buffering=0) as log:
        log.write(b"progress")


def test_a_listener_that_cannot_write_is_no_lost_worker(one, bench):
    executor, run = one(to_a_full_disk)
    with pytest.raises(OSError, match="No space left on device"):
        run("a", "tells")
    (pid,) = executor.pids()
    assert bench.runs("a") == 1
    assert run("b", "write").key == "b" * 64  # an answer of its own, not the last step's
    assert executor.pids() == [pid]


def test_a_build_goes_on_when_its_progress_cannot_be_shown(bench, caplog):
    heard = []

    def once(step, done, total):
        heard.append(step)
        to_a_full_disk(step, done, total)

    listener = Lasting(once)
    listener("a", 1, 2)
    listener("a", 2, 2)
    assert heard == ["a"]
    assert [record.getMessage() for record in caplog.records] == [
        "progress cannot be shown any more: [Errno 28] No space left on device"
    ]


@pytest.mark.parametrize("log", ["full disk", "closed pipe"])
def test_progress_that_goes_nowhere_costs_no_release(project, log):
    project.layer("parks", outputs=["csv"])
    project.load()
    command = [sys.executable, "-m", "tonari", "build", "--json"]
    where = Path("/dev/full").open("wb") if log == "full disk" else subprocess.PIPE  # noqa: SIM115
    with subprocess.Popen(
        command, cwd=project.folder, stdout=subprocess.PIPE, stderr=where, text=True
    ) as build:
        (build.stderr or where).close()
        said = build.stdout.read()
    assert build.returncode == 0, said
    assert (project.releases / "current").exists()


def test_a_process_that_cannot_send_its_answer_is_lost_and_its_step_runs_again(one, bench):
    _, run = one()
    with pytest.raises(WorkerLostError):
        run("a", "deaf", kills=1)
    assert run("a", "deaf", kills=1).key == "a" * 64
    assert bench.runs("a") == 2
    assert bench.run(bench.step("b", "deaf", kills=2), scheduler="processes")["b"].entry


def test_an_error_that_cannot_travel_is_told_in_words(one, bench):
    executor, run = one()
    run("a", "write")
    before = executor.pids()
    with pytest.raises(RuntimeError, match="TwoWordsError: no idea"):
        run("b", "baffles")
    assert bench.runs("b") == 1
    assert executor.pids() == before


def test_a_machine_without_files_left_says_so_and_loses_no_worker(one):
    _, run = one()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            run("a", "write")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert run("a", "write").key == "a" * 64


def test_a_killed_server_of_processes_costs_a_try_and_no_more(one, bench):
    from multiprocessing import forkserver

    executor, run = one()
    run("a", "write")
    pid = forkserver._forkserver._forkserver_pid
    subprocess.run(["kill", "-9", str(pid)], check=True)
    assert run("b", "write").key == "b" * 64
    (worker,) = executor.pids()
    subprocess.run(["kill", "-9", str(worker)], check=True)
    with pytest.raises(WorkerLostError):
        run("c", "write")
    assert run("c", "write").key == "c" * 64


def test_a_full_cache_stops_the_build_and_is_no_lost_worker(bench, tmp_path):
    small = tmp_path / "cache"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs rights this user has not")
    try:
        bench.store.prepare()
        with pytest.raises(StorageError, match="disk is full"):
            bench.run(bench.step("a", "fills"), scheduler="processes")
    finally:
        subprocess.run(["umount", "-l", small], check=True)
    assert bench.runs("a") == 1


def test_no_step_waits_for_a_process_that_is_stopped(one):
    executor, run = one()
    ends = []

    def wait():
        try:
            run("a", "sleeps")
        except WorkerLostError as error:
            ends.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not executor.pids():
        pass
    executor.stop(now=True)
    waiting.join(WAIT)
    assert len(ends) == 1
