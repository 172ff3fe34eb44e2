"""The generator of wrong neighbours writes the truth, and the score counts against it."""

import pytest

from benchmarks.borders.score import of_control, score
from benchmarks.borders.spoil import country, reference, roads, spoiled_areas
from pipeline.borders.analysis import analyse
from pipeline.borders.subject import Subject
from pipeline.config.borders import Borders


@pytest.fixture(scope="module")
def truth():
    return reference(country())


def test_what_is_cut_back_or_pushed_out_is_found_and_the_control_pair_is_silent(truth):
    frame, faults = spoiled_areas(1.75, 3)
    table = analyse(Subject(frame, Borders(full=True)), truth)
    for kind in ("gap", "overlap"):
        found = score(kind, table, faults, 1.75)
        assert (found.precision, found.recall) == (1.0, 1.0)
        sizes = sorted(fault.size for fault in faults if fault.kind == kind)
        told = table[table["kind"] == kind]["size"]
        assert sorted(told) == pytest.approx(sizes, rel=0.01)
    assert of_control(table) == 0


def test_below_the_tolerance_nothing_is_told(truth):
    frame, faults = roads(0.25)
    table = analyse(Subject(frame, Borders(tolerance=0.5)), truth)
    assert score("unmet", table, faults, 0.25).found == 0


def test_a_finding_elsewhere_is_not_the_fault(truth):
    frame, faults = roads(5.0)
    table = analyse(Subject(frame, Borders()), truth)
    moved = [type(f)(f.kind, f.a, f.b, 5.0, f.size, (f.place[0] + 900, f.place[1])) for f in faults]
    assert score("unmet", table, moved, 5.0).right == 0
