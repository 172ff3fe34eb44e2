"""What the declaration of a feed refuses, and in which words."""

import pytest

from pipeline.config.load import load
from pipeline.errors import DeclarationError

HEAD = """
publisher: {name: {ja: 北九州市}, code: "401005", licence: CC-BY-4.0, contact: a@example.jp}
municipalities: {kitakyushu: {code: "401005", name: {ja: 北九州市}, crs: EPSG:6670}}
feeds:
  line:
    title: {ja: 試験線}
    operator: {id: "8000020401005", name: {ja: 北九州市}, url: "https://example.jp/"}
    period: {start: 2026-10-01, end: 2027-03-31}
    stops: {file: s.csv, fields: {name: 名称, lat: 緯度, lon: 経度}}
    day_types: {daily: {title: {ja: 毎日}, runs: [mon]}}
    routes: {line: {title: {ja: 試験線}}}
    fares: [{kind: flat, price: 200}]
    timetables:
      - file: t.xlsx
        route: line
        tables: [{times: B2, stops: A, day_type: daily}]
"""


@pytest.fixture
def problems(tmp_path):
    """Load the declaration with one text replaced; return what is wrong with it."""

    def find(old, new):
        assert old in HEAD
        path = tmp_path / "layers.yaml"
        path.write_text(HEAD.replace(old, new, 1), encoding="utf-8")
        try:
            load(path)
        except DeclarationError as error:
            return [(f.code, f.row) for f in error.findings]
        return []

    return find


def test_the_declaration_itself_is_sound(problems):
    assert problems("price: 200", "price: 210") == []


WRONG = [
    ("2027-03-31", "2026-03-31", "period-backwards"),
    ("stops: A, day_type", "stops: '1', day_type", "lines-lie-wrong"),
    ("price: 200", "routes: [line]", "flat-fare-source"),
    ("day_type: daily}]", "day_type: weekday}]", "feed-name-undeclared"),
    ("runs: [mon]", "runs: [obon]", "feed-name-undeclared"),
    ("    fares: [{kind: flat, price: 200}]\n", "", "feed-needs"),
    ("times: B2,", "times: B, ", None),
    ("8000020401005", "8000", None),
    ("kind: flat", "kind: flatt", None),
]


@pytest.mark.parametrize(("old", "new", "code"), WRONG)
def test_what_is_wrong_is_told_with_its_line(problems, old, new, code):
    found = problems(old, new)
    assert len(found) == 1
    assert code is None or found[0][0] == code
    assert found[0][1] > 4


def test_a_misspelled_key_is_unknown_and_the_right_one_missing(problems):
    assert {code for code, _ in problems("times: B2", "time: B2")} == {"key-unknown", "key-missing"}
