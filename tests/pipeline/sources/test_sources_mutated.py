"""No file ends in a traceback: whatever is done to one, there is a table or findings."""

import json
import os
import random
import time
import zipfile

import geopandas as gpd
import openpyxl
import pytest
import shapely

from pipeline.errors import SourceError
from pipeline.sources.table import Table

AT = {"x": "経度", "y": "緯度", "crs": "EPSG:6668"}
TABULAR = ("csv", "xlsx", "ods")
SECONDS = 2.5
"""For each format; a mutation takes some milliseconds. ``TONARI_MUTATE`` gives it more."""


def shapes():
    points = shapely.buffer(shapely.points([130.8, 130.9, 131.0], 33.9), 0.01, quad_segs=2)
    columns = {"名称": ["若松公園", "戸畑", "①㈱"], "n": [1, 2, 3], "面積": [1.5, None, 2.0]}
    return gpd.GeoDataFrame(columns, geometry=list(points), crs=6668)


def write_csv(path):
    path.write_bytes("名称,経度,緯度\n若松公園,130.8,33.9\n戸畑,130.9,33.9\n".encode("cp932"))


def write_xlsx(path):
    book = openpyxl.Workbook()
    for row in (
        ["名称", "経度", "緯度", "日"],
        ["若松", 130.8, 33.9, 45383],
        ["戸畑", 130.9, 33.9],
    ):
        book.active.append(row)
    book.active["D2"].number_format = "yyyy/m/d"
    book.active.merge_cells("D2:D3")
    book.save(path)


def write_ods(path):
    rows = "".join(
        f'<table:table-row><table:table-cell office:value-type="string"><text:p>{a}</text:p>'
        f'</table:table-cell><table:table-cell office:value-type="{kind}" office:value="{b}">'
        f"<text:p>{b}</text:p></table:table-cell></table:table-row>"
        for a, kind, b in (("経度", "string", "緯度"), ("130.8", "float", "33.9"))
    )
    space = "urn:oasis:names:tc:opendocument:xmlns:"
    content = (
        f'<office:document-content xmlns:office="{space}office:1.0" xmlns:table="{space}table:1.0"'
        f' xmlns:text="{space}text:1.0"><office:body><office:spreadsheet><table:table '
        f'table:name="s">{rows}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("content.xml", content)


def write_geojson(path):
    path.write_text(json.dumps(json.loads(shapes().to_json()), ensure_ascii=False))


def write_kml(path):
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        '<Document><Placemark><name>甲</name><ExtendedData><Data name="住所"><value>一</value>'
        "</Data></ExtendedData><Point><coordinates>130.8,33.9</coordinates></Point></Placemark>"
        "</Document></kml>"
    )


def write_gml(path):
    path.write_text(
        '<o:C xmlns:o="http://x.jp/" xmlns:gml="http://www.opengis.net/gml/3.2">'
        '<o:featureMember><o:k gml:id="k.0"><o:p><gml:Point srsName="EPSG:4326" gml:id="g">'
        "<gml:pos>130.8 33.9</gml:pos></gml:Point></o:p><o:名称>公園</o:名称></o:k>"
        "</o:featureMember></o:C>"
    )


def write_gdal(path):
    shapes().to_file(path)


WRITERS = {
    "csv": write_csv, "xlsx": write_xlsx, "ods": write_ods, "geojson": write_geojson,
    "kml": write_kml, "gml": write_gml, "gpkg": write_gdal, "fgb": write_gdal, "shp": write_gdal,
}  # fmt: skip


def flipped(content, dice):
    changed = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 8, 64))):
        if changed:
            changed[dice.randrange(len(changed))] = dice.randrange(256)
    return bytes(changed)


def cut(content, dice):
    return content[: dice.randrange(len(content) + 1)]


def doubled(content, dice):
    at, length = dice.randrange(len(content) + 1), dice.randrange(1, 4000)
    return content[: at + length] + content[at:]


def left_out(content, dice):
    at = dice.randrange(len(content) + 1)
    return content[:at] + content[at + dice.randrange(1, 64) :]


def recoded(content, dice):
    text = content.decode("utf-8", "replace")
    return text.encode(dice.choice(("cp932", "utf-16", "utf-16-be", "euc_jp", "utf-32")), "replace")


def emptied(content, dice):
    at = dice.randrange(len(content) + 1)
    return content[:at] + b"\0" * dice.randrange(1, 200) + content[at + 200 :]


def repacked(content, dice):
    """Change one part of an archive, so that its checksum does not give it away."""
    import io

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as old:
            parts = {name: old.read(name) for name in old.namelist()}
    except zipfile.BadZipFile:
        return flipped(content, dice)
    name = dice.choice(sorted(parts))
    parts[name] = dice.choice((flipped, cut, doubled, left_out, emptied))(parts[name], dice)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part, text in parts.items():
            new.writestr(part, text)
    return made.getvalue()


MUTATIONS = (flipped, cut, doubled, left_out, recoded, emptied, repacked)


@pytest.mark.parametrize("ending", WRITERS)
def test_a_mutated_file_gives_a_table_or_findings(read, tmp_path, ending):
    dice = random.Random(ending)
    WRITERS[ending](tmp_path / f"a.{ending}")
    parts = {p: p.read_bytes() for p in sorted(tmp_path.iterdir())}
    geometry = {"geometry": AT} if ending in TABULAR else {}
    until = time.monotonic() + float(os.environ.get("TONARI_MUTATE", SECONDS))
    tried = 0
    while time.monotonic() < until or tried < len(MUTATIONS):
        victim = dice.choice(list(parts))
        mutate = MUTATIONS[tried % len(MUTATIONS)]
        for part, content in parts.items():
            part.write_bytes(mutate(content, dice) if part == victim else content)
        try:
            assert isinstance(read(f"a.{ending}", **geometry), Table)
        except SourceError as refusal:
            assert refusal.findings
            assert all(f.message_ja and str(tmp_path) not in f.message_ja for f in refusal.findings)
        tried += 1
    assert sorted(tmp_path.iterdir()) == sorted(parts)


def refused(read, name, **declared):
    with pytest.raises(SourceError) as caught:
        read(name, **declared)
    (finding,) = caught.value.findings
    return finding.code


@pytest.mark.parametrize("ending", WRITERS)
def test_what_is_no_file_is_refused_without_waiting(read, tmp_path, ending):
    (tmp_path / f"folder.{ending}").mkdir()
    os.mkfifo(tmp_path / f"pipe.{ending}")
    (tmp_path / f"loop.{ending}").symlink_to(tmp_path / f"loop.{ending}")
    (tmp_path / f"nowhere.{ending}").symlink_to(tmp_path / "gone")
    (tmp_path / f"device.{ending}").symlink_to("/dev/zero")
    for name in ("folder", "pipe", "loop", "nowhere", "device"):
        assert refused(read, f"{name}.{ending}") == "source-unreadable"


@pytest.mark.parametrize("ending", WRITERS)
def test_an_empty_file_is_said_to_be_empty(read, tmp_path, ending):
    (tmp_path / f"a.{ending}").write_bytes(b"")
    assert refused(read, f"a.{ending}") in (
        "source-empty",
        "source-unreadable",
        "shapefile-part-missing",
    )


@pytest.mark.parametrize("stem", ["a b", "公園①", "a'b\"c", "a#b?c", "a%2Fb", "{a}", "-a", "a!b"])
@pytest.mark.parametrize("ending", ["csv", "xlsx", "geojson", "gpkg", "kml", "shp"])
def test_letters_of_a_name_mean_nothing_to_a_reader(read, tmp_path, stem, ending):
    WRITERS[ending](tmp_path / f"a.{ending}")
    for part in sorted(tmp_path.iterdir()):
        part.rename(part.with_name(stem + part.suffix))
    geometry = {"geometry": AT} if ending in TABULAR else {}
    assert len(read(f"{stem}.{ending}", **geometry).frame) >= 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_named(read, tmp_path):
    write_csv(tmp_path / "a.csv")
    (tmp_path / "a.csv").chmod(0)
    assert refused(read, "a.csv", geometry=AT) == "source-unreadable"
