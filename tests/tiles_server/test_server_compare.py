"""Layers side by side: a table first, bars that say the same, and never a zero nobody counted."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET

import geopandas as gpd
import httpx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from release_maker import make_release, switch
from serving import serving
from shapely import Point

from tiles_server.barchart import WIDTH, chart
from tiles_server.comparison import MOST_SERIES, Cell, Comparison, Series
from tiles_server.manifest import Compare

BROWSER = {"Accept": "text/html"}
RELEASE = "20261123T160000Z-0000c0de"
TOLD = {
    "by": "use", "measure": "share", "shown": "percent", "year": "year",
    "definition": {"ja": "区画の割合", "en": "Share of parcels"},
}  # fmt: skip
ROWS = [
    ("401005", 2017, "住宅", 0.25, False), ("401005", 2022, "住宅", 0.3, False),
    ("352012", 2022, "住宅", None, True), ("401005", 2022, "商業", None, False),
    ("352012", 2022, "商業", 0.125, False),
]  # fmt: skip


def published(tmp_path, rows=ROWS, told=TOLD):
    """Publish a table of made-up shares with a declared comparison."""
    codes, years, uses, shares, hidden = zip(*rows, strict=True)
    frame = gpd.GeoDataFrame(
        {
            "id": range(1, len(rows) + 1),
            "municipality_code": codes,
            "year": pd.array(years, "Int64"),
            "use": uses,
            "share": pd.array(shares, "Float64"),
            "suppressed": pd.array(hidden, "boolean"),
        },
        geometry=[Point(130.8, 33.9)] * len(rows),
        crs="EPSG:6668",
    )
    releases = tmp_path / "releases"
    releases.mkdir()
    folder = make_release(releases, RELEASE)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    layer = manifest["layers"]["flood"]
    path = folder / layer["artefacts"]["parquet"]
    frame.to_parquet(path)
    (said,) = [a for a in manifest["artefacts"] if a["path"] == layer["artefacts"]["parquet"]]
    said["bytes"] = path.stat().st_size
    layer["compare"] = told
    titles = {"year": ("年", "Year"), "use": ("用途", "Use"), "share": ("割合", "Share")}
    layer["fields"] = [
        {"name": n, "type": "number" if n == "share" else "string", "title": {"ja": ja, "en": en}}
        for n, (ja, en) in titles.items()
    ] + [{"name": "suppressed", "type": "boolean", "title": {"ja": "秘匿", "en": "Suppressed"}}]
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), "utf-8")
    switch(releases, RELEASE)
    return tmp_path


@pytest.fixture
def client(tmp_path):
    with (
        serving(published(tmp_path)) as server,
        httpx.Client(base_url=server.address, headers=BROWSER, timeout=60) as client,
    ):
        yield client


def table(text):
    rows = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)
    clean = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in clean]


def test_classes_stand_in_rows_and_towns_and_years_in_columns(client):
    head, *body = table(client.get("/compare/flood?lang=ja").text)
    assert head[0] == "用途"
    assert [h.rsplit(" ", 1)[-1] for h in head[1:]] == ["2022", "2017", "2022"]
    assert body == [["住宅", "秘匿", "25.0%", "30.0%"], ["商業", "12.5%", "該当なし", "値なし"]]


def test_what_is_not_known_is_a_word_in_the_chart_too_and_has_no_bar(client):
    page = client.get("/compare/flood?lang=en").text
    svg = ET.fromstring(re.search(r"<svg viewBox.*?</svg>", page, re.DOTALL)[0])
    lengths = [float(bar.get("width")) for bar in svg.iter("rect")]
    assert sum(length > 0 for length in lengths) == 3
    words = "".join(svg.itertext())
    assert all(word in words for word in ("suppressed", "no value", "none", "12.5%"))
    assert "Share of parcels" in page
    assert "None of them is a zero" in page


def test_a_town_or_a_year_can_be_chosen(client):
    assert len(table(client.get("/compare/flood?year=2017").text)[0]) == 2
    assert len(table(client.get("/compare/flood?municipality=352012").text)[0]) == 2
    assert "<table" not in client.get("/compare/flood?year=1900").text
    assert client.get("/compare/flood?month=4").status_code == 400


def test_the_layer_leads_there_and_a_layer_that_is_none_says_so(client, tmp_path_factory):
    assert 'href="/compare/flood?lang=ja"' in client.get("/layers/flood?lang=ja").text
    assert client.get("/compare/nothing").status_code == 404
    releases = tmp_path_factory.mktemp("plain") / "releases"
    releases.mkdir()
    make_release(releases, RELEASE)
    switch(releases, RELEASE)
    with serving(releases.parent) as server:
        assert httpx.get(f"{server.address}/compare/flood", headers=BROWSER).status_code == 404


def test_more_columns_than_can_be_read_are_counted_and_chosen(tmp_path):
    rows = [("401005", 1990 + n, "住宅", n / 100, False) for n in range(MOST_SERIES + 5)]
    with serving(published(tmp_path, rows)) as server:
        page = httpx.get(f"{server.address}/compare/flood?lang=en", headers=BROWSER).text
    assert len(table(page)[0]) == 1 + MOST_SERIES
    assert "There are 5 more columns" in page


NUMBERS = st.none() | st.floats(-1e9, 1e9) | st.integers(0, 100).map(float)


@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=4), min_size=1, max_size=5))
def test_bars_are_as_long_as_their_numbers_and_stay_in_the_picture(numbers):
    series = [Series("401005", str(n)) for n in range(max(map(len, numbers)))]
    cells = {
        (str(at), series[n]): Cell(value, "" if value is not None else "empty")
        for at, row in enumerate(numbers)
        for n, value in enumerate(row)
    }
    classes = {str(at): f"class {at}" for at in range(len(numbers))}
    found = Comparison(Compare(measure="x"), classes, series, 0, cells)
    drawn = chart(found, lambda column: column.year, lambda cell: found.shown(cell) or cell.state)
    known = [cell.value for cell in cells.values() if cell.value is not None]
    assert (drawn is None) == (not known)
    if drawn is None:
        return
    span = (max(0, *known) - min(0, *known)) or 1
    for group, (name, _) in zip(drawn.groups, classes.items(), strict=True):
        for bar, column in zip(group.bars, series, strict=True):
            value = found.cell(name, column).value or 0.0
            assert bar.length == pytest.approx(abs(value) / span * WIDTH, abs=1e-6)
            assert -1e-6 <= bar.x <= bar.x + bar.length <= WIDTH + 1e-6
            assert bar.y <= drawn.height
