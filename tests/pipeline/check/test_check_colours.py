"""Colours told apart: published test pairs, and what a map's author is told."""

from __future__ import annotations

import pytest

from pipeline.check.colours import (
    APART,
    ciede2000,
    closest,
    confusions,
    contrast,
    distance,
    proposal,
)

SHARMA = [  # Sharma, Wu, Dalal 2005, table 1: pairs 1, 7, 9, 16, 17, 25, 29
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.4900, -0.0010), (50, -2.4900, 0.0009), 7.1792),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
]


@pytest.mark.parametrize(("first", "second", "expected"), SHARMA)
def test_the_distance_is_that_of_the_published_pairs(first, second, expected):
    assert ciede2000(first, second) == pytest.approx(expected, abs=1e-4)
    assert ciede2000(second, first) == pytest.approx(expected, abs=1e-4)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_red_and_green_of_one_lightness_are_confused_by_some_and_not_by_all():
    assert distance("#a05000", "#5c7000") > 20
    vision, apart = closest("#a05000", "#5c7000")
    assert vision in ("protan", "deutan")
    assert apart < 12


def test_every_confusion_is_told_once_and_named():
    colors = {"一低": "#A5F7C6", "二低": "#ADFFD6", "商業": "#EA5F78"}
    (found,) = confusions(colors)
    assert (found.first, found.second) == ("一低", "二低")


def test_a_proposal_is_told_apart_by_everybody():
    found = proposal("#ADFFD6", ["#A5F7C6", "#EA5F78"])
    assert found
    assert closest(found, "#A5F7C6")[1] >= APART
    assert closest(found, "#EA5F78")[1] >= APART
