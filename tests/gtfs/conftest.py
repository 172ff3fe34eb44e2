"""What the tests of building feeds share: the sample ferry and small workbooks made on the spot."""

import copy
import os
import types
import zipfile
from pathlib import Path

import openpyxl
import pytest
from ruamel.yaml import YAML

from gtfs.build.feed import build_feed
from gtfs.feed.columns import clock
from pipeline.config.base import Text
from pipeline.config.feeds import Feed

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def real():
    """Find the folder of real data, outside the repository."""
    folder = Path(os.environ.get("TONARI_REAL_DATA", ROOT / ".." / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the real data is not beside the checkout")
    return folder


@pytest.fixture(scope="session")
def publisher():
    name = Text(ja="北九州市", en="City of Kitakyushu")
    url = "https://www.city.kitakyushu.lg.jp/"
    return types.SimpleNamespace(name=name, contact="gis@example.jp", url=url)


@pytest.fixture(scope="session")
def sample_declaration():
    text = (ROOT / "data/sample/transit/feed.yaml").read_text(encoding="utf-8")
    return YAML(typ="safe").load(text)["feeds"]


@pytest.fixture
def wakato(sample_declaration):
    """Return the declaration of the sample ferry as a dictionary that a test may change."""
    return copy.deepcopy(sample_declaration["wakato_ferry"])


@pytest.fixture(scope="session")
def ferry(sample_declaration, publisher):
    feed = Feed.model_validate(sample_declaration["wakato_ferry"])
    return build_feed("wakato_ferry", feed, root=ROOT, publisher=publisher)


@pytest.fixture
def build(publisher, tmp_path):
    """Build a declaration given as a dictionary from files in the test's folder."""

    def run(declaration, root=tmp_path):
        feed = Feed.model_validate(declaration)
        return build_feed("line", feed, root=root, publisher=publisher)

    return run


@pytest.fixture
def edited(wakato, tmp_path):
    """Copy the sample workbook with cells changed, and point the declaration at the copy."""

    def edit(changes=(), rename=None, remove=()):
        (tmp_path / "data/sample/transit").mkdir(parents=True, exist_ok=True)
        lane = "data/sample/transit/wakato_lane.geojson"
        (tmp_path / lane).write_bytes((ROOT / lane).read_bytes())
        book = openpyxl.load_workbook(ROOT / "data/sample/transit/wakato.xlsx")
        for sheet, cell, value in changes:
            book[sheet][cell] = value
        for sheet in remove:
            del book[sheet]
        for old, new in (rename or {}).items():
            book[old].title = new
        book.save(tmp_path / "data/sample/transit/wakato.xlsx")
        return wakato

    return edit


@pytest.fixture
def write_book(tmp_path):
    """Write a workbook into the test's folder: sheet name to rows, ranges to merge, fills."""

    def write(sheets, name="book.xlsx", merge=(), colours=()):
        book = openpyxl.Workbook()
        book.remove(book.active)
        for title, rows in sheets.items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append([None if value == "" else value for value in row])
        for title, area in merge:
            book[title].merge_cells(area)
        for title, cell, colour in colours:
            book[title][cell].fill = openpyxl.styles.PatternFill("solid", fgColor=colour)
        book.save(tmp_path / name)
        return name

    return write


ODS = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2"><office:body>
<office:spreadsheet><table:table table:name="{sheet}">{rows}</table:table></office:spreadsheet>
</office:body></office:document-content>"""


def ods_cell(value):
    if isinstance(value, int | float):
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    text = f"<text:p>{value}</text:p>" if value else ""
    return f'<table:table-cell office:value-type="string">{text}</table:table-cell>'


@pytest.fixture
def write_ods(tmp_path):
    """Write an OpenDocument sheet into the test's folder."""

    def write(rows, sheet="表", name="book.ods"):
        lines = "".join(
            f"<table:table-row>{''.join(map(ods_cell, row))}</table:table-row>" for row in rows
        )
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        with zipfile.ZipFile(tmp_path / name, "w") as parts:
            parts.writestr("mimetype", kind)
            space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
            parts.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{space}"/>')
            parts.writestr("content.xml", ODS.format(sheet=sheet, rows=lines))
        return name

    return write


STOPS = """名称,よみ,緯度,経度,乗り場,親,番号
市役所前,しやくしょまえ,33.88,130.87,,,A
中央公民館,ちゅうおうこうみんかん,33.882,130.872,,,B
病院,びょういん,33.884,130.874,,,C
駅前,えきまえ,33.886,130.876,,,D
"""


@pytest.fixture
def bus(tmp_path):
    """Return a declaration of a small bus line whose timetable is the given tables of a file."""

    def declare(file, tables, stops=STOPS, **more):
        (tmp_path / "stops.csv").write_text(stops, encoding="utf-8")
        fields = {
            "id": "番号",
            "name": "名称",
            "reading": "よみ",
            "lat": "緯度",
            "lon": "経度",
            "platform": "乗り場",
            "parent": "親",
        }
        every_day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
        return {
            "title": {"ja": "試験線"},
            "operator": {
                "id": "8000020401005",
                "name": {"ja": "北九州市"},
                "url": "https://www.city.kitakyushu.lg.jp/",
            },
            "period": {"start": "2026-10-01", "end": "2027-03-31"},
            "day_types": {
                "daily": {"title": {"ja": "毎日"}, "runs": every_day},
                "weekday": {"title": {"ja": "平日"}, "runs": every_day[:5], "but_not": ["holiday"]},
                "holiday": {"title": {"ja": "土日祝"}, "runs": ["sat", "sun", "holiday"]},
            },
            "stops": {"file": "stops.csv", "fields": fields},
            "routes": {"line": {"title": {"ja": "試験線"}}},
            "timetables": [{"file": file, "route": "line", "tables": tables}],
            "fares": [{"kind": "flat", "price": 200}],
        } | more

    return declare


@pytest.fixture
def trips():
    """Return the trips of a built feed as ``[(stop, arrival, departure), …]``, in order of id."""

    def tell(built):
        assert not built.blocked, [f.line("ja") for f in built.findings]
        times = built.tables["stop_times"]
        return {
            trip: [
                (c.stop_id, clock(c.arrival_time)[:5], clock(c.departure_time)[:5])
                for c in calls.itertuples()
            ]
            for trip, calls in times.groupby("trip_id")
        }

    return tell
