"""The benchmark of feeds: the same operator every time, every task says what it did."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.gtfs import tables
from benchmarks.gtfs.operator import PER_ROUTE, generate

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def operator(tmp_path_factory):
    made = generate(tmp_path_factory.mktemp("operator"), 1)
    (made.root / "declaration.json").write_text(json.dumps(made.declaration), encoding="utf-8")
    return made


def task(*words):
    command = [sys.executable, "-m", "benchmarks.gtfs.task", *map(str, words)]
    run = subprocess.run(command, capture_output=True, check=True, text=True, cwd=ROOT)
    return json.loads(run.stdout.splitlines()[-1])


def test_the_same_ledger_is_written_every_time(operator, tmp_path):
    again = generate(tmp_path, 1)
    assert (again.root / "stops.csv").read_bytes() == (operator.root / "stops.csv").read_bytes()
    assert again.declaration == operator.declaration


@pytest.mark.slow
def test_the_operator_is_built_completely_and_everybody_reads_it(operator):
    archive = operator.root / "feed.zip"
    built = task("build", operator.root, archive)
    assert built["stop_times"] == PER_ROUTE
    assert built["reconciliation"]["time_cells_matched"] == PER_ROUTE
    for name in ("ours", "gtfs_kit"):
        assert task(name, archive, operator.root / "out.zip")["stop_times"] == PER_ROUTE
    assert task("gtfs_guru", archive)["errors"] == 0
    assert task("difference", archive)["changes"] == 0


def test_ratios_are_to_ours():
    def measured(read, write):
        steps = {"read": read, "write": write}
        return [{"steps": steps, "processor": steps, "peak_bytes": 1e6, "bytes": 1e6}]

    table = tables.exchange_table({"ours": measured(2.0, 1.0), "other": measured(1.0, 4.0)})
    assert "| other | 1.00 | 1.00 | 0.5 | 4.00 | 4.00 | 4.0 | 1 | 1.00 |" in table


def test_a_section_is_replaced_not_repeated(tmp_path):
    document = tmp_path / "performance.md"
    document.write_text("# Performance\n", encoding="utf-8")
    for text in ("first", "second"):
        tables.replace_section(document, text)
    written = document.read_text(encoding="utf-8")
    assert "second" in written
    assert "first" not in written
    assert written.count("## Feeds") == 1
