"""PLATEAU CityGML: shapes seen from above, codes with their words, and what stays unread."""

import pytest

from pipeline.config.layers import Municipality
from pipeline.config.sources import Source
from pipeline.errors import SourceError
from pipeline.sources.files import source_files
from pipeline.sources.read import read_source

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
{doctype}<core:CityModel xmlns:core="http://www.opengis.net/citygml/2.0"
 xmlns:gml="http://www.opengis.net/gml" xmlns:luse="l" xmlns:bldg="b" xmlns:uro="u"
 xmlns:gen="http://www.opengis.net/citygml/generics/2.0">
<gml:boundedBy><gml:Envelope srsName="http://www.opengis.net/def/crs/EPSG/0/{epsg}"
 srsDimension="3"/></gml:boundedBy>"""
LIST = """<gml:Dictionary xmlns:gml="http://www.opengis.net/gml"><gml:dictionaryEntry>
<gml:Definition><gml:description>田</gml:description><gml:name>201</gml:name></gml:Definition>
</gml:dictionaryEntry></gml:Dictionary>"""


def polygon(x=130.8, y=33.9, size=0.001, hole=""):
    ring = [(y, x), (y, x + size), (y + size, x + size), (y + size, x), (y, x)]
    text = " ".join(f"{a} {b} 5" for a, b in ring)
    return (
        "<gml:MultiSurface><gml:surfaceMember><gml:Polygon><gml:exterior><gml:LinearRing>"
        f"<gml:posList>{text}</gml:posList></gml:LinearRing></gml:exterior>{hole}"
        "</gml:Polygon></gml:surfaceMember></gml:MultiSurface>"
    )


def land(code="201", more="", detail=""):
    return (
        '<core:cityObjectMember><luse:LandUse gml:id="l1">'
        f'<luse:class codeSpace="../../codelists/Common_landUseType.xml">{code}</luse:class>'
        f"<luse:lod1MultiSurface>{polygon()}</luse:lod1MultiSurface>{more}"
        f"<uro:d><uro:LandUseDetailAttribute>{detail}</uro:LandUseDetailAttribute></uro:d>"
        "</luse:LandUse></core:cityObjectMember>"
    )


@pytest.fixture
def put(tmp_path):
    def write(*members, epsg=6668, doctype="", end="</core:CityModel>"):
        folder = tmp_path / "udx" / "luse"
        folder.mkdir(parents=True, exist_ok=True)
        lists = tmp_path / "codelists"
        lists.mkdir(exist_ok=True)
        (lists / "Common_landUseType.xml").write_text(LIST, encoding="utf-8")
        text = HEAD.format(epsg=epsg, doctype=doctype) + "".join(members) + end
        (folder / "a.gml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def read(root, **declared):
    source = Source(municipality="m", path="udx/luse/a.gml", **declared)
    where = Municipality(code="401005", name={"ja": "北九州市"}, crs="EPSG:6668")
    return read_source(source, where, root)


def codes(table):
    return {f.code for f in table.findings if f.code.startswith("citygml")}


def test_latitude_comes_first_in_the_file_and_last_in_the_table(put):
    table = read(put(land()))
    assert table.frame.total_bounds == pytest.approx([130.8, 33.9, 130.801, 33.901])


@pytest.mark.parametrize("epsg", [6668, 6697])
def test_heights_are_left_out_and_the_plane_is_kept(put, epsg):
    table = read(put(land(), epsg=epsg))
    assert not table.frame.geometry.has_z.any()
    assert table.facts.crs.startswith("EPSG:6668")


def test_a_code_has_the_words_of_the_list_of_its_own_data_set(put):
    frame = read(put(land())).frame
    assert (frame["class"][0], frame["class_label"][0]) == ("201", "田")


def test_a_code_that_is_not_in_that_list_is_named(put):
    table = read(put(land("299")))
    assert codes(table) == {"citygml-unlisted"}
    assert table.frame["class"][0] == "299"


OWNER = "<uro:owner>北九 太郎</uro:owner><uro:note>北九方</uro:note>"
FREE = '<gen:stringAttribute name="地番"><gen:value>12-3</gen:value></gen:stringAttribute>'


def test_owners_notes_and_free_keys_are_not_read_unless_declared(put):
    root = put(land(detail=OWNER, more=FREE))
    table = read(root)
    assert not {"owner", "note", "gen:地番"} & set(table.frame.columns)
    (finding,) = [f for f in table.findings if f.code == "citygml-withheld"]
    assert "gen:地番 (1), note (1), owner (1)" in finding.message_ja
    assert "太郎" not in finding.line("ja")
    wanted = read(root, fields={"owner": "owner", "gen:地番": "lot"}).frame
    assert (wanted["owner"][0], wanted["gen:地番"][0]) == ("北九 太郎", "12-3")


def test_two_units_of_one_measure_are_named(put):
    table = read(
        put(
            land(detail='<uro:nominalArea uom="m2">200</uro:nominalArea>'),
            land(detail='<uro:nominalArea uom="ha">0.02</uro:nominalArea>'),
        )
    )
    assert codes(table) == {"citygml-units"}
    assert table.frame["nominalArea"].tolist() == ["200", "0.02"]


def test_a_building_without_a_footprint_has_the_shadow_of_its_solid(put):
    house = (
        '<core:cityObjectMember><bldg:Building gml:id="b"><bldg:lod1Solid>'
        f"{polygon()}{polygon(size=0.002)}</bldg:lod1Solid></bldg:Building></core:cityObjectMember>"
    )
    table = read(put(house))
    assert codes(table) == {"citygml-solids"}
    assert table.frame.geometry[0].area == pytest.approx(4e-6)


def test_a_footprint_is_taken_before_a_solid(put):
    house = (
        '<core:cityObjectMember><bldg:Building gml:id="b">'
        f"<bldg:lod0FootPrint>{polygon()}</bldg:lod0FootPrint>"
        f"<bldg:lod1Solid>{polygon(size=1)}</bldg:lod1Solid></bldg:Building></core:cityObjectMember>"
    )
    assert read(put(house)).frame.geometry[0].area == pytest.approx(1e-6)


def test_holes_stay_holes(put):
    inner = "33.9002 130.8002 0 33.9004 130.8002 0 33.9004 130.8004 0 33.9002 130.8002 0"
    hole = (
        f"<gml:interior><gml:LinearRing><gml:posList>{inner}</gml:posList>"
        "</gml:LinearRing></gml:interior>"
    )
    member = land().replace(polygon(), polygon(hole=hole))
    assert len(read(put(member)).frame.geometry[0].interiors) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"doctype": '<!DOCTYPE x [<!ENTITY a "b">]>'},
        {"end": ""},
        {"epsg": 99999},
    ],
)
def test_what_cannot_be_understood_is_refused(put, wrong):
    with pytest.raises(SourceError):
        read(put(land(), **wrong))


def test_a_model_without_features_is_empty(put):
    with pytest.raises(SourceError, match="source-empty"):
        read(put())


def test_the_code_lists_are_part_of_the_source(put):
    root = put(land())
    names = [p.name for p in source_files(root / "udx/luse/a.gml")]
    assert names == ["a.gml", "Common_landUseType.xml"]
