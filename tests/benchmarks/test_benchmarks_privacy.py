"""The published recall and precision of the detectors are those of the code."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.privacy.ledger import WAYS, remarks
from pipeline.privacy.detect.scan import scan_values


@pytest.fixture(scope="module")
def measured():
    cells, ways = remarks(4_000, 20)
    hit = np.logical_or.reduce(list(scan_values(cells).values()))
    return hit, np.array([bool(way) for way in ways])


def test_the_ledger_is_the_same_every_time():
    assert list(remarks(500, 2)[0]) == list(remarks(500, 2)[0])


def test_there_are_forty_ways_of_writing():
    assert len(WAYS) == 40


def test_nine_in_ten_planted_leaks_are_found(measured):
    hit, planted = measured
    assert hit[planted].mean() > 0.9


def test_hardly_anything_else_is_taken_for_a_leak(measured):
    hit, planted = measured
    assert hit[~planted].mean() < 0.005


def test_the_page_has_a_row_for_every_way():
    page = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text("utf-8")
    assert [way for way in WAYS if f"| {way} |" not in page] == []
