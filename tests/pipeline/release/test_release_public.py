"""No byte of a release tells what stays in the office."""

import gzip
import hashlib
import json
import stat
import zlib

import geopandas as gpd
import openpyxl
import pyarrow.parquet as pq
import pytest
from openpyxl.comments import Comment
from pmtiles.reader import MmapSource, all_tiles
from shapely.geometry import Point

from pipeline.findings import Catalogue
from pipeline.release.outcome import Outcome
from pipeline.release.public import public_finding, public_outcome

T = {
    "cell of a withheld field": "zqcella",
    "heading of a withheld field": "zqheadb",
    "cell of a column nobody declared": "zqcellc",
    "heading nobody declared": "zqheadd",
    "file name": "zqfilee",
    "sheet name": "zqsheetf",
    "comment": "zqcommg",
    "class of a withheld field": "zqclassh",
    "name of a CRS": "zqcrsi",
    "broken value of a withheld field": "zqbadj",
    "title of a withheld field": "zqtitlek",
}  # fmt: skip


def workbook(path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = T["sheet name"]
    heads = ["名称", T["heading of a withheld field"], T["heading nobody declared"], "経度", "緯度"]
    sheet.append(heads)
    for n in range(3):
        row = [f"広場{n}", T["cell of a withheld field"], T["cell of a column nobody declared"]]
        sheet.append([*row, 130.81 + n / 100, 33.9])
    sheet["B3"] = T["broken value of a withheld field"]
    sheet["A2"].comment = Comment(T["comment"], "x")
    book.save(path)


def shapes(path):
    frame = gpd.GeoDataFrame({"NAME": ["松"]}, geometry=[Point(130.8, 33.9)], crs="EPSG:6668")
    frame.to_file(path, encoding="cp932")
    prj = path.with_suffix(".prj")
    prj.write_text(prj.read_text().replace("JGD2011", T["name of a CRS"], 1))


@pytest.fixture
def release(project):
    """Build a layer whose sources hold a token in every place that is not published."""
    name = f"{T['file name']}.xlsx"
    workbook(project.folder / name)
    shapes(project.folder / f"{T['file name']}.shp")
    places = {"x": "経度", "y": "緯度", "crs": "EPSG:6668"}
    withheld = {"title": {"ja": T["title of a withheld field"]}, "type": "integer"}
    project.layer(
        "squares",
        fields={"name": {"title": {"ja": "名称"}}, "secret": withheld},
        privacy={"publish": ["name"]},
        outputs=["geojson", "csv", "pmtiles"],
        style={
            "by": "secret",
            "classes": [{"value": T["class of a withheld field"], "color": "#ff0000"}],
        },
        sources=[
            {
                "municipality": "kitakyushu",
                "path": name,
                "geometry": places,
                "fields": {T["heading of a withheld field"]: "secret"},
            },
            {
                "municipality": "kitakyushu",
                "path": f"{T['file name']}.shp",
                "encoding": "cp932",
                "fields": {"NAME": "name"},
            },
        ],
    )
    (outcome,) = project.build().outcomes
    assert outcome.status == "built", [f.line("en") for f in outcome.findings]
    return (project.releases / "current").resolve()


def unpacked(path):
    """Yield the bytes of a file, and of all that is compressed in it."""
    raw = path.read_bytes()
    yield raw
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        yield repr(table.schema.metadata).encode() + str(table.to_pylist()).encode()
    elif path.suffix == ".pmtiles":
        with path.open("rb") as stream:
            yield from (gzip.decompress(tile) for _, tile in all_tiles(MmapSource(stream)))
    for start in range(len(raw) - 2):
        if raw[start : start + 2] == b"\x1f\x8b":
            yield zlib.decompressobj(31).decompress(raw[start:])


def test_no_withheld_token_is_in_any_byte_of_a_release(release):
    told = b"".join(
        part for file in release.rglob("*") if file.is_file() for part in unpacked(file)
    )
    assert "広場".encode() in told
    spread = told.decode("utf-8", "ignore") + told.decode("utf-16-le", "ignore")
    assert [kind for kind, token in T.items() if token in spread] == []


def test_no_checksum_of_a_ledger_confirms_a_guess_of_what_is_in_it(release, project):
    ledger = hashlib.sha256((project.folder / f"{T['file name']}.xlsx").read_bytes()).hexdigest()
    told = b"".join(file.read_bytes() for file in release.rglob("*") if file.is_file())
    assert ledger.encode() not in told
    assert ledger in (project.office() / "manifest.json").read_text("utf-8")


def test_the_office_is_told_what_the_public_is_not(release, project):
    page = (project.office() / "report.html").read_text("utf-8")
    assert T["file name"] in page
    assert T["broken value of a withheld field"] in page


def test_what_the_office_is_told_is_its_owners_alone(release, project):
    for folder in (project.office(), project.office().parent, project.data / "cache"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_public_reads_as_many_findings_and_their_codes(release, project):
    files = (project.office() / "findings.json", release / "findings.json")
    inside, public = (json.loads(f.read_text("utf-8"))["layers"]["squares"] for f in files)
    assert [f["code"] for f in inside] == [f["code"] for f in public]


def test_an_unchanged_layer_keeps_its_details_for_the_office(release, project):
    project.layer("parks")
    project.build()
    page = (project.office() / "report.html").read_text("utf-8")
    assert T["file name"] in page
    assert T["broken value of a withheld field"] in page


def test_a_deleted_release_takes_its_report_with_it(release, project):
    from pipeline.release.store import Store

    old = project.office()
    project.layer("parks")
    project.build()
    Store(project.data).delete(old.name)
    assert not old.exists()


def test_a_published_field_keeps_its_value_in_public():
    made = Catalogue.of("pipeline").finding(
        "value-not-date", file="台帳.csv", field="opened", row=3, value="13月", known="x",
    )  # fmt: skip
    public = public_finding(made, frozenset({"opened"}))
    assert (public.field, public.value, public.file) == ("opened", "13月", "")
    hidden = public_finding(made, frozenset({"name"}))
    assert "13月" not in str(hidden.as_dict())


@pytest.mark.parametrize("sources, told", [([{"municipality": "kitakyushu"}], True), ([], False)])
def test_what_is_made_from_records_tells_no_row_of_theirs(sources, told):
    """A table by district may have a field ``use``; so may the ledger it counts."""
    made = Catalogue.of("pipeline").finding(
        "value-not-date", file="台帳.csv", field="opened", row=317, value="13月", known="x",
    )  # fmt: skip
    fields = [{"name": "opened", "title": {"ja": "開設日"}}]
    entry = {"fields": fields, "sources": sources}
    (public,) = public_outcome(Outcome("layers", "x", "built", entry, findings=[made])).findings
    assert ("13月" in str(public.as_dict())) is told
    assert ("317" in str(public.as_dict())) is told
