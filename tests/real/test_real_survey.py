"""The base survey on real data: 高松市's seven sheets and PLATEAU land use of 沼津市."""

from __future__ import annotations

import csv
import json
import os
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from pipeline.standardise.schemas import schema

pytestmark = [pytest.mark.real, pytest.mark.slow]

SHEETS = {
    "land_use_by_town": "0085_用途別土地利用面積.xlsx",
    "building_use_by_town": "0085_建物用途.xlsx",
    "storeys_by_town": "0085_階数.xlsx",
    "structure_by_town": "0085_構造.xlsx",
    "age_by_town": "0085_建築年.xlsx",
    "footprint_by_town": "0085_建築面積.xlsx",
    "floor_area_by_town": "0085_延床面積.xlsx",
}
LUSE = "plateau/numazu-shi/udx/luse/523836_luse_6668_op.gml"
PUBLISHER = {"name": {"ja": "高松市"}, "code": "372013", "licence": "CC-BY-4.0"}


def numbers(name, headings):
    """Return the fields of numbers of a schema that a sheet has, with their columns."""
    fields = schema(f"basic-survey/{name}").fields.values()
    columns = {f.name: next((h for h in f.headings if h in headings), "") for f in fields}
    kinds = {f.name for f in fields if f.type in ("integer", "number") and f.name != "survey_year"}
    return {field: column for field, column in columns.items() if column and field in kinds}


def sheet(path):
    book = openpyxl.load_workbook(path, read_only=True)
    rows = list(book.worksheets[0].values)
    book.close()
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


@pytest.fixture(scope="module")
def takamatsu(real_data):
    folder = real_data / "takamatsu" / "city_planning_basic_survey_information"
    return {name: sheet(folder / file) for name, file in SHEETS.items()}


def layers(name, file, fields):
    source = {"municipality": "takamatsu", "path": file}
    base = {"geometry": "none", "outputs": ["csv"]}
    totals = {f"sum_{field}": {"kind": "sum", "of": field} for field in fields}
    return {
        name: base
        | {
            "title": {"ja": f"{name} 町丁・字別"},
            "schema": f"basic-survey/{name}",
            "sources": [source],
            "privacy": {"publish": ["area_code", "town", *fields]},
        },
        f"{name}_total": base
        | {
            "title": {"ja": f"{name} 合計"},
            "from": {"layer": name, "operation": "zones", "measures": totals},
            "privacy": {"publish": list(totals)},
        },
    }


@pytest.fixture(scope="module")
def release(takamatsu, real_data, run_tonari, tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("survey")
    data = Path(os.path.relpath(real_data, root))
    declared: dict = {}
    for name, file in SHEETS.items():
        path = str(data / "takamatsu" / "city_planning_basic_survey_information" / file)
        declared |= layers(name, path, numbers(name, takamatsu[name][0]))
    declared["luse"] = {
        "title": {"ja": "沼津市の土地利用（市の分類）"},
        "schema": "basic-survey/land_use",
        "sources": [{"municipality": "numazu", "path": str(data / LUSE), "crs": "EPSG:6668"}],
        "privacy": {"publish": ["use"]},
        "outputs": ["geojson"],
    }
    declared["numazu"] = {
        "title": {"ja": "沼津市の土地利用"},
        "from": {
            "layer": "luse", "operation": "crosswalk", "field": "use", "to": "national",
            "using": "landuse-plateau",
        },
        "privacy": {"publish": ["use", "national", "national_label", "national_kind"]},
        "outputs": ["geojson"],
    }  # fmt: skip
    text = {
        "publisher": PUBLISHER,
        "municipalities": {
            "takamatsu": {"code": "372013", "name": {"ja": "高松市"}, "crs": "EPSG:6672"},
            "numazu": {"code": "222038", "name": {"ja": "沼津市"}, "crs": "EPSG:6676"},
        },
        "layers": declared,
    }
    (root / "layers.yaml").write_text(json.dumps(text, ensure_ascii=False), encoding="utf-8")
    done = run_tonari("build", "-c", root / "layers.yaml", "--data", root / "data")
    assert done.returncode == 0, done.stderr
    return root / "data" / "releases" / "current"


def published(release, name):
    text = (release / "layers" / name / f"{name}.csv").read_text("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def total(cells):
    return sum(Decimal(str(cell).strip() or 0) for cell in cells if cell is not None)


@pytest.mark.parametrize("name", SHEETS)
def test_totals_are_those_of_the_sheet(release, takamatsu, name):
    (row,) = published(release, f"{name}_total")
    fields = numbers(name, takamatsu[name][0])
    assert len(fields) > 5
    for field, column in fields.items():
        cells = [r[column] for r in takamatsu[name]]
        if not any(str(cell or "").strip() for cell in cells):
            assert row[f"sum_{field}"] == "", field  # nobody has said that there are none
            continue
        found, true = Decimal(row[f"sum_{field}"]), total(cells)
        # Numbers of more than six decimals are rounded to six, one row at a time.
        assert abs(found - true) <= Decimal("0.0001"), field


@pytest.mark.parametrize("name", SHEETS)
def test_every_town_is_published_as_it_stands(release, takamatsu, name):
    rows = published(release, name)
    assert len(rows) == len(takamatsu[name]) == 244
    assert [r["area_code"] for r in rows] == [str(r["areaCode"]) for r in takamatsu[name]]


def test_land_use_of_numazu_is_national_with_its_coverage(release, real_data):
    text = (release / "layers" / "numazu" / "numazu.geojson").read_text("utf-8")
    features = json.loads(text)["features"]
    raw = (real_data / LUSE).read_text("utf-8-sig")
    assert len(features) == raw.count("<luse:LandUse ")
    codes = {(f["properties"]["use"], f["properties"]["national"]) for f in features}
    assert all(use == national for use, national in codes if national != "未対応")
    mapped = sum(f["properties"]["national"] != "未対応" for f in features)
    office = release.parents[1] / "office" / release.resolve().name
    findings = (office / "findings.json").read_text("utf-8")
    said = json.dumps(json.loads(findings), ensure_ascii=False)
    assert f"{len(features)} 件のうち {mapped} 件（100.0 %、面積の 100.0 %）" in said
