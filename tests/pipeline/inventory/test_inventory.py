"""The inventory says what may be opened, and the declaration has to agree with it."""

import datetime as dt

import pytest

from pipeline.config.load import load
from pipeline.errors import SourceError
from pipeline.inventory.figures import Openness, Year, as_page, fiscal_year, indicators, table
from pipeline.inventory.items import COLUMNS, disagreements, read_inventory, require_open

ROWS = [
    "1,公園課,公園,,無,可,CSV,3,parks,2025-03-31",
    "2,公園課,樹木,,無,可,PDF,1,https://x.example/,2025-04-01",
    "3,公園課,使用許可,,有,不可,紙,0,,",
    "4,道路課,道路台帳,,無,可,SHP,0,,",
    "5,道路課,単価,,無,不可,Excel,,,",
]


@pytest.fixture
def inventory(tmp_path):
    def write(*rows, encoding="utf-8"):
        path = tmp_path / "inventory.csv"
        path.write_text("\n".join([",".join(COLUMNS), *rows]), encoding=encoding)
        return path

    return write


def codes(findings):
    return [f.code for f in findings]


def test_each_holding_stands_in_one_column_of_the_figure(inventory):
    items, findings = read_inventory(inventory(*ROWS, encoding="cp932"))
    assert findings == []
    counts = table(items)
    parks = {k: n for k, n in counts["公園課"].items() if n}
    assert parks == {Openness.OPEN: 1, Openness.IMPROVABLE: 1, Openness.PERSONAL: 1}
    roads = {k: n for k, n in counts["道路課"].items() if n}
    assert roads == {Openness.CLOSED: 1, Openness.OPENABLE: 1}


def test_a_fiscal_year_ends_with_march(inventory):
    items, _ = read_inventory(inventory(*ROWS))
    assert [fiscal_year(dt.date(2025, 3, 31)), fiscal_year(dt.date(2025, 4, 1))] == [2024, 2025]
    assert indicators(items) == [Year(2024, 1, 1), Year(2025, 2, 1)]


def test_a_closed_holding_that_is_declared_stops_the_build(inventory):
    path = inventory("1,公園課,公園,,無,不可,CSV,3,parks,2025-03-31")
    with pytest.raises(SourceError) as stopped:
        require_open(path, ["parks"], [])
    assert codes(stopped.value.findings) == ["inventory-closed"]


def test_what_is_declared_has_to_be_in_the_inventory(inventory):
    path = inventory(*ROWS)
    items, _ = read_inventory(path)
    assert codes(disagreements(items, ["parks", "roads"], [], path)) == ["inventory-without"]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("1,課,名,,ある,可,CSV,3,parks,2025-03-31", "個人情報"),
        ("1,課,名,,無,,CSV,3,parks,2025-03-31", "外部利用"),
        ("1,課,名,,無,可,CSV,6,parks,2025-03-31", "オープン度"),
        ("1,課,名,,無,可,CSV,3,parks,", "公開日"),
        ("1,課,名,,無,可,CSV,3,parks,R7.13.1", "公開日"),
        (",課,名,,無,可,CSV,3,parks,2025-03-31", "番号"),
    ],
)
def test_a_value_that_means_nothing_is_named(inventory, row, field):
    items, (finding,) = read_inventory(inventory(row))
    assert items == []
    assert (finding.code, finding.field, finding.row) == ("inventory-value", field, 2)


def test_a_number_given_twice_and_columns_that_lack_are_said(inventory, tmp_path):
    _, findings = read_inventory(inventory(ROWS[0], ROWS[0]))
    assert codes(findings) == ["inventory-number-twice"]
    (tmp_path / "other.csv").write_text("番号\n1", encoding="utf-8")
    with pytest.raises(SourceError):
        read_inventory(tmp_path / "other.csv")


def test_names_of_offices_are_no_markup_of_the_page(inventory):
    items, _ = read_inventory(inventory(ROWS[0].replace("公園課", "<b>課")))
    assert "<b>課" not in as_page(items, "市")


def test_the_sample_agrees_with_its_inventory(root):
    loaded = load(root / "layers.yaml")
    path = root / loaded.declaration.inventory
    items, findings = read_inventory(path)
    assert findings == []
    assert disagreements(items, loaded.declaration.layers, loaded.declaration.feeds, path) == []
