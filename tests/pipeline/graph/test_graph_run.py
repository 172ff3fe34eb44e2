"""Equal keys are made once; what fails blocks what needs it; what is damaged is made again."""

import pytest

from pipeline.errors import CacheError, SchedulerError
from pipeline.graph.executors import executor_for
from pipeline.graph.keys import Keys
from pipeline.graph.run import KILLED, Why
from pipeline.graph.step import Step
from pipeline.progress import silent


def test_steps_run_after_what_they_need_and_only_once(bench):
    one = bench.step("one")
    two = bench.step("two", "write", one)
    four = bench.step("four", "write", two, bench.step("three", "write", one))
    outcomes = bench.run(four)
    assert outcomes["four"].entry.path("text").read_text() == "onetwoonethreefour"
    assert [bench.runs(name) for name in ("one", "two", "three", "four")] == [1, 1, 1, 1]
    bench.run(four)
    assert bench.runs("four") == 1


def test_a_step_with_other_options_runs_with_what_needs_it_and_nothing_else(bench):
    one, other = bench.step("one"), bench.step("other")
    bench.run(bench.step("last", "write", one, other))
    changed = bench.step("last", "write", bench.step("one", text="eins"), other)
    outcomes = bench.run(changed)
    assert outcomes["last"].entry.path("text").read_text() == "einsotherlast"
    assert [bench.runs(name) for name in ("one", "other", "last")] == [2, 1, 2]


def test_a_file_edited_runs_the_step_that_reads_it(bench, tmp_path):
    ledger = tmp_path / "a.csv"
    ledger.write_text("1")
    bench.run(bench.step("one", files=[("a.csv", ledger)]))
    bench.run(bench.step("one", files=[("a.csv", ledger)]))
    assert bench.runs("one") == 1
    ledger.write_text("2")
    bench.run(bench.step("one", files=[("a.csv", ledger)]))
    assert bench.runs("one") == 2


def test_a_file_changed_while_it_is_read_is_a_finding_and_no_result(bench, tmp_path):
    ledger = tmp_path / "a.csv"
    ledger.write_text("1")
    step = bench.step("one", "edits", files=[("a.csv", ledger)], text=str(ledger))
    outcome = bench.run(step)["one"]
    assert outcome.entry is None
    assert [(f.code, f.file) for f in outcome.findings] == [("source-changed", "a.csv")]
    assert bench.store.find(outcome.key) is None


def test_where_a_file_lies_does_not_matter_what_is_in_it_does(bench, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).write_text("1")
        bench.run(bench.step("one", files=[("ledger", tmp_path / name)]))
    assert bench.runs("one") == 1


@pytest.mark.parametrize("function", ["refuses", "breaks"])
def test_a_step_that_fails_blocks_what_depends_on_it_and_nothing_else(bench, function):
    bad = bench.step("bad", function)
    outcomes = bench.run(bench.step("after", "write", bad), bench.step("beside"))
    assert outcomes["bad"].entry is None
    assert outcomes["bad"].findings
    assert outcomes["after"].blocked == "bad"
    assert outcomes["beside"].entry is not None
    assert bench.runs("after") == 0


def test_a_failure_is_not_remembered(bench):
    for _ in range(2):
        bench.run(bench.step("bad", "refuses"))
    assert bench.runs("bad") == 2


def test_an_error_found_blocks_what_writes_and_not_what_checks_on(bench):
    finds = bench.step("finds", "finds")
    checks = bench.step("checks", "write", finds)
    writes = bench.step("writes", "write", checks, clean=True)
    outcomes = bench.run(writes)
    assert outcomes["checks"].entry is not None
    assert outcomes["writes"].blocked == "finds"


@pytest.mark.parametrize(
    "damage",
    [
        lambda entry: entry.path("text").write_text("oNe"),
        lambda entry: entry.path("text").unlink(),
        lambda entry: entry.path("result.json").write_text("{"),
        lambda entry: entry.path("result.json").unlink(),
        lambda entry: entry.path("result.json").write_text(
            entry.path("result.json").read_text().replace('"length": 3', '"length": 4')
        ),
    ],
    ids=["a byte", "a file gone", "half a record", "no record", "a figure"],
)
def test_a_damaged_result_is_noticed_and_made_again(bench, damage):
    one = bench.step("one")
    damage(bench.run(one)["one"].entry)
    outcome = bench.run(one)["one"]
    assert outcome.ran is not None
    assert bench.store.whole(outcome.entry)
    assert outcome.entry.path("text").read_text() == "one"


def test_a_damaged_result_that_nothing_needs_is_left_alone(bench):
    one = bench.step("one")
    two = bench.step("two", "write", one)
    bench.run(two)["one"].entry.path("text").unlink()
    assert bench.run(two)["one"].ran is None
    assert bench.run(bench.step("more", "write", one))["one"].ran is Why.DAMAGED


def test_what_was_pruned_is_still_known_and_made_again_only_when_it_is_read(bench):
    one = bench.step("one")
    two = bench.step("two", "write", one)
    bench.run(two)
    assert {kept.name for kept in bench.store.prune(0)} == {"one", "two"}
    assert bench.store.entries() == []
    assert bench.run(known=[two])["two"].entry.facts == {"length": 6}
    assert [bench.runs("one"), bench.runs("two")] == [1, 1]
    bench.run(two)
    assert [bench.runs("one"), bench.runs("two")] == [2, 2]


@pytest.mark.parametrize("name", ["roads.pmtiles", "r", "result.json.old", "a/b"])
def test_results_are_counted_and_pruned_whatever_their_files_are_called(bench, name):
    one = bench.step("one", "names", text=name)
    bench.run(one)
    (kept,) = bench.store.entries()
    assert kept.bytes > 5000
    assert [gone.key for gone in bench.store.prune(0)] == [kept.key]
    assert bench.store.entries() == []


def test_what_is_declared_in_another_order_is_another_step(bench):
    def key(**measures):
        return Keys().key(Step("one", bench.step("one").function, {"measures": measures}))

    assert key(a=1, b=2) == key(a=1, b=2)
    assert key(a=1, b=2) != key(b=2, a=1)


def test_the_cache_is_its_owners_alone(bench):
    bench.run(bench.step("one"))
    assert bench.store.folder.stat().st_mode & 0o077 == 0


def test_a_half_made_result_is_no_result(bench):
    one = bench.step("one")
    key = bench.run(one)["one"].key
    with bench.store.making("f" * 64) as folder:
        (folder / "text").write_text("half")
    assert bench.store.find("f" * 64) is None
    assert [p.name for p in bench.store.folder.iterdir() if p.name.startswith(".part")] == []
    assert bench.store.find(key) is not None


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path):
    from pipeline.graph.store import StepStore

    (tmp_path / "steps").write_text("a file where the folder should be")
    with pytest.raises(CacheError, match=r"cannot be written \(.+\); free some space"):
        StepStore(tmp_path).prepare()


# ---- processes


def test_processes_make_what_one_process_makes(bench, tmp_path):
    def graph(bench):
        parts = [bench.step(f"part{i}") for i in range(6)]
        return bench.step("all", "write", *parts)

    here = bench.run(graph(bench))["all"].entry
    other = type(bench)(tmp_path / "other")
    there = other.run(graph(other), scheduler="processes")["all"].entry
    assert (here.key, here.files) == (there.key, there.files)


def test_a_step_whose_process_is_killed_runs_again(bench):
    outcomes = bench.run(
        bench.step("dies", "dies", kills=KILLED - 1), bench.step("beside"), scheduler="processes"
    )
    assert outcomes["dies"].entry is not None
    assert bench.runs("dies") == KILLED
    assert bench.runs("beside") == 1


def test_a_step_killed_three_times_is_a_finding_and_no_hang(bench):
    dies = bench.step("dies", "dies", kills=99)
    outcomes = bench.run(
        bench.step("after", "write", dies), bench.step("beside"), scheduler="processes"
    )
    assert [f.code for f in outcomes["dies"].findings] == ["step-killed"]
    assert bench.runs("dies") == KILLED
    assert outcomes["after"].blocked == "dies"
    assert outcomes["beside"].entry is not None


@pytest.mark.parametrize("scheduler", ["serial", "processes"])
def test_a_result_that_cannot_be_kept_ends_the_build_and_is_not_tried_again(bench, scheduler):
    with pytest.raises(CacheError, match="cannot be written"):
        bench.run(bench.step("spoils", "spoils"), bench.step("beside"), scheduler=scheduler)
    assert bench.runs("spoils") == 1


def test_a_scheduler_nobody_knows_is_named_with_those_there_are():
    with pytest.raises(SchedulerError, match="no scheduler 'slurm'; known: serial, processes"):
        executor_for("slurm", silent, [])
