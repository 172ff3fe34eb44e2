"""The benchmark of features: the same questions every time, tables that say who is faster."""

from __future__ import annotations

import os

import numpy as np
import pytest
import shapely

from benchmarks import report
from benchmarks.features import tables
from benchmarks.features.city import City, questions
from benchmarks.features.memory import proportional_bytes, tree
from benchmarks.tiles import cities


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    return City(tmp_path_factory.mktemp("city"), cities.buildings(3_000), 0.0)


def test_the_same_questions_are_asked_every_time(city):
    assert questions(city, 20) == questions(city, 20)


def test_a_box_holds_about_a_hundred_buildings(city):
    middles = shapely.centroid(shapely.envelope(city.frame.geometry.to_numpy()))
    x, y = shapely.get_x(middles), shapely.get_y(middles)
    for question in questions(city, 10)["box of about 100"]:
        sides = question.removeprefix("bbox=").split("&")[0].split(",")
        west, south, east, north = map(float, sides)
        inside = np.count_nonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
        assert 95 <= inside <= 105


def test_the_table_divides_our_answers_by_theirs():
    seen = {"p50": 1, "p99": 2, "bytes": 2_000, "answers": 2}
    rows = {"box": [("tonari", seen | {"rate": 600}), ("tipg", seen | {"rate": 50})]}
    assert "| box | tipg | 50 | 12.0 | 1.0 | 2.0 | 1.0 |" in tables.contest_table(rows)


def test_memory_of_a_process_and_its_children_is_counted():
    processes = tree(os.getpid())
    assert os.getpid() in processes
    assert proportional_bytes(processes) > 10_000_000


def test_a_section_is_replaced_between_its_marks_and_nothing_else(tmp_path):
    document = tmp_path / "x.md"
    document.write_text("before <!-- b: begin -->old<!-- b: end --> after", encoding="utf-8")
    report.replace_section("b", "new", document)
    assert document.read_text("utf-8") == "before <!-- b: begin -->\nnew\n<!-- b: end --> after"
    with pytest.raises(ValueError, match="no <!-- c: begin -->"):
        report.replace_section("c", "new", document)
