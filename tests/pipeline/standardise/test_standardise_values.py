"""Cells of ledgers as declared types; what does not fit is listed, never bent."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.standardise.values import convert, inferred_type, plain


def converted(cells, kind):
    values, unreadable, _ = convert(pd.Series(cells, dtype=object), kind)
    return [None if pd.isna(v) else v for v in values], unreadable


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        ("string", "0123", "0123"),
        ("string", 40100.0, "40100"),
        ("string", " ①㈱髙﨑 ", "①㈱髙﨑"),
        ("string", "～若松", "～若松"),
        ("integer", "１，２００", 1200),
        ("integer", "1,200", 1200),
        ("integer", "３.０", 3),
        ("integer", "−5", -5),
        ("number", "12.5", 12.5),
        ("number", ".5", 0.5),
        ("number", "1e3", 1000.0),
        ("boolean", "○", True),
        ("boolean", "〇", True),
        ("boolean", "×", False),
        ("boolean", "１", True),
        ("boolean", 0.0, False),
        ("boolean", np.bool_(True), True),
        ("boolean", "有", True),
        ("boolean", "なし", False),
        ("date", "H31.2.1", "2019-02-01"),
    ],
)
def test_the_spellings_of_ledgers_are_understood(kind, cell, value):
    assert converted([cell], kind) == ([value], [])


@pytest.mark.parametrize(
    ("kind", "cell"),
    [
        ("integer", "1.5"),
        ("integer", "約100"),
        ("integer", "1_000"),
        ("integer", "9007199254740993"),
        ("number", "nan"),
        ("number", "Infinity"),
        ("number", float("inf")),
        ("number", "1,2"),
        ("number", "100人"),
        ("boolean", "△"),
        ("boolean", "2"),
        ("date", "不明"),
    ],
)
def test_what_does_not_fit_is_left_empty_and_listed(kind, cell):
    assert converted(["", cell], kind) == ([None, None], [1])


@pytest.mark.parametrize("kind", ["string", "integer", "number", "boolean", "date"])
@pytest.mark.parametrize("blank", ["", " ", "\u3000", None, float("nan"), pd.NA])
def test_blank_is_missing_not_wrong(kind, blank):
    assert converted([blank], kind) == ([None], [])


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_every_integer_survives_text(number):
    assert converted([str(number)], "integer") == ([number], [])


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_survives_text(number):
    assert converted([repr(number)], "number") == ([number], [])


@given(st.text(alphabet="0123456789", min_size=1, max_size=12))
def test_codes_keep_every_digit(code):
    assert converted([code], "string") == ([code], [])


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (pd.Series([1, 2]), "integer"),
        (pd.Series([1.0, np.nan]), "integer"),
        (pd.Series([1.5, np.nan]), "number"),
        (pd.Series([np.nan, np.nan]), "number"),
        (pd.Series([True, False]), "boolean"),
        (pd.Series([True, None], dtype="boolean"), "boolean"),
        (pd.Series(["1", "2"]), "string"),
        (pd.Series([None, None], dtype=object), "string"),
    ],
)
def test_an_undeclared_type_is_what_the_format_says(column, kind):
    assert inferred_type(column) == kind


def test_comparing_ignores_width_and_space_only():
    assert plain("　ＡＢ１ ") == "AB1"
    assert plain("髙") != plain("高")
