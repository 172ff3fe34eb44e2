"""CSV ledgers: encodings, headings, rows counted as a spreadsheet counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.sources import Source
from pipeline.errors import SourceError
from pipeline.sources.tabular import read_csv

AT = {"x": "経度", "y": "緯度", "crs": "EPSG:6668"}
LEDGER = "名称,経度,緯度\n①㈱髙﨑公園,130.81,33.90\n一枝公園,130.82,33.91\n"


@pytest.fixture
def ledger(tmp_path):
    def write(text, encoding="utf-8", name="koen.csv"):
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return name

    return write


def refused(read, path, **declared):
    with pytest.raises(SourceError) as caught:
        read(path, geometry=AT, **declared)
    return caught.value.findings


def codes(table):
    return [finding.code for finding in table.findings]


@pytest.mark.parametrize("encoding", ["cp932", "utf-8", "utf-8-sig"])
def test_every_usual_encoding_is_read_as_declared(read, ledger, encoding):
    table = read(ledger(LEDGER, encoding), geometry=AT, encoding=encoding.removesuffix("-sig"))
    assert list(table.frame["名称"]) == ["①㈱髙﨑公園", "一枝公園"]
    assert table.findings == []


@pytest.mark.parametrize(("encoding", "found"), [("cp932", "cp932"), ("utf-8-sig", "utf-8")])
def test_an_undeclared_encoding_is_found_out_and_said(read, ledger, encoding, found):
    table = read(ledger(LEDGER, encoding), geometry=AT)
    assert list(table.frame["名称"]) == ["①㈱髙﨑公園", "一枝公園"]
    assert [(f.code, f.value) for f in table.findings] == [("encoding-found", found)]


def test_cp932_declared_as_utf8_is_refused_at_its_row(read, ledger):
    raw = b"name,x,y\nABC,130.8,33.9\n" + "一枝,130.8,33.9\n".encode("cp932")
    (finding,) = refused(read, ledger(raw), encoding="utf-8")
    assert (finding.code, finding.row, finding.value) == ("encoding-wrong", 3, "utf-8")
    assert "encoding: cp932" in finding.remedy_ja


def test_the_row_of_a_wrong_character_counts_cells_of_several_lines_as_one_row(read, ledger):
    raw = b'name,x,y\n"a\nb\nc",1,2\n' + "一枝,130.8,33.9\n".encode("cp932")
    (finding,) = refused(read, ledger(raw), encoding="utf-8")
    assert finding.row == 3


def test_utf8_declared_as_cp932_is_refused_not_garbled(read, ledger):
    (finding,) = refused(read, ledger(LEDGER), encoding="cp932")
    assert finding.code == "encoding-wrong"
    assert "encoding: utf-8" in finding.remedy_en


def test_bytes_of_no_known_encoding_are_refused(read, ledger):
    (finding,) = refused(read, ledger(b"a,\x81\x20\n1,2\n"))
    assert finding.code == "encoding-unclear"
    assert "CSV UTF-8" in finding.remedy_ja


def test_findings_name_the_row_that_a_spreadsheet_shows(read, ledger):
    text = '名称,経度,緯度\n"二行の\n名称",130.8,33.9\n\n一枝,,33.9\n,,\n若松,百三十,33.9\n'
    table = read(ledger(text, "cp932"), geometry=AT, encoding="cp932")
    assert list(table.rows) == [2, 4, 6]
    found = {f.code: f for f in table.findings}
    assert found["coordinate-missing"].row == 4
    assert found["coordinate-unreadable"].row == 6
    assert found["coordinate-unreadable"].value == "百三十"


def test_the_header_may_stand_further_down(read, ledger):
    text = "公園台帳,,\n令和6年4月1日現在,,\n名称,経度,緯度\n一枝,130.8,33.9\n"
    table = read(ledger(text), geometry=AT, encoding="utf-8", header=3)
    assert (list(table.frame["名称"]), list(table.rows)) == (["一枝"], [4])


def test_a_blank_header_row_is_refused(read, ledger):
    (finding,) = refused(read, ledger(",,\n一枝,130.8,33.9\n"), encoding="utf-8")
    assert (finding.code, finding.row) == ("header-missing", 1)


def test_a_repeated_heading_is_reached_by_its_number(read, ledger):
    text = "名称,名称,経度,緯度\nA,B,130.8,33.9\n"
    table = read(ledger(text), geometry=AT, encoding="utf-8")
    assert table.frame["名称.2"].tolist() == ["B"]
    assert codes(table) == ["column-repeated"]


def test_a_heading_called_geometry_is_reached_as_the_second(read, ledger):
    text = "geometry,経度,緯度\nA,130.8,33.9\n"
    table = read(ledger(text), geometry=AT, encoding="utf-8")
    assert table.frame["geometry.2"].tolist() == ["A"]
    assert table.frame.geometry.iloc[0].x == 130.8


def test_values_right_of_the_headings_are_counted(read, ledger):
    text = "名称,経度,緯度\nA,130.8,33.9\nB,130.8,33.9,余り\n"
    (finding,) = read(ledger(text), geometry=AT, encoding="utf-8").findings
    assert (finding.code, finding.row, finding.value) == ("row-too-long", 3, "余り")


def test_a_short_row_is_filled_up(read, ledger):
    table = read(ledger("経度,緯度,備考\n130.8,33.9\n"), geometry=AT, encoding="utf-8")
    assert table.frame["備考"].tolist() == [""]


def test_a_quotation_mark_left_open_does_not_swallow_the_rest(read, ledger):
    text = '名称,経度,緯度\nA,130.8,33.9\n"B,130.8,33.9\nC,130.8,33.9\n'
    (finding,) = refused(read, ledger(text), encoding="utf-8")
    assert (finding.code, finding.row) == ("quote-open", 3)


def test_a_cell_may_be_as_long_as_a_book(read, ledger):
    long = "あ" * 200_000
    table = read(ledger(f"名称,経度,緯度\n{long},130.8,33.9\n"), geometry=AT, encoding="utf-8")
    assert table.frame["名称"].iloc[0] == long


def test_an_old_macintosh_line_end_is_a_line_end(read, ledger):
    table = read(ledger(LEDGER.replace("\n", "\r")), geometry=AT, encoding="utf-8")
    assert list(table.rows) == [2, 3]


def test_a_tsv_is_separated_by_tabs(read, ledger):
    path = ledger(LEDGER.replace(",", "\t"), name="koen.tsv")
    assert len(read(path, geometry=AT, encoding="utf-8").frame) == 2


def test_a_file_without_records_is_refused(read, ledger):
    (finding,) = refused(read, ledger("名称,経度,緯度\n\n,,\n"), encoding="utf-8")
    assert finding.code == "source-empty"


def test_coordinates_nobody_declared_are_asked_for(read, ledger):
    with pytest.raises(SourceError) as caught:
        read(ledger(LEDGER), encoding="utf-8")
    (finding,) = caught.value.findings
    assert finding.code == "geometry-undeclared"
    assert "経度" in finding.remedy_ja


def test_a_coordinate_column_that_is_not_there_is_named(read, ledger):
    path = ledger(LEDGER)
    with pytest.raises(SourceError) as caught:
        read(path, encoding="utf-8", geometry={"x": "東経", "y": "緯度"})
    (finding,) = caught.value.findings
    assert (finding.code, finding.file, finding.field) == ("field-absent", path, "東経")


def test_a_form_of_file_nobody_reads_lists_those_that_are(read, ledger):
    with pytest.raises(SourceError) as caught:
        read(ledger("", name="koen.pdf"))
    (finding,) = caught.value.findings
    assert finding.code == "format-unknown"
    assert ".xlsx" in finding.remedy_en


ONE_WAY = "¢£¬‖−〜"
"""CP932 writes these as their full-width twins, so they do not come back as they were."""
CELL = st.text(
    st.characters(codec="cp932", exclude_categories=("Cc", "Co"), exclude_characters=ONE_WAY),
    max_size=8,
)


@given(rows=st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=6))
def test_what_was_written_is_what_is_read(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    quoted = [",".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows]
    path.write_text("\n".join(["x,y", *quoted]), encoding="cp932", newline="")
    raw = read_csv(path, Source(municipality="k", path="a.csv", encoding="cp932"))
    kept = [row for row in rows if any(cell.strip() for cell in row)]
    assert raw.frame.to_numpy().tolist() == kept or not kept
    expected = [n for n, row in enumerate(rows, start=2) if any(cell.strip() for cell in row)]
    assert raw.rows.tolist() == expected


# ---- encodings that are found, and that are refused

JAPANESE = "名称,経度,緯度\n若松北公園（芝生）,130.8,33.9\nさくら広場,130.81,33.9\n"


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp932", "cp932"),
        ("euc_jp", "euc_jp"),
        ("iso2022_jp", "iso2022_jp"),
    ],
)
def test_an_encoding_nobody_declares_is_found_and_named(read, tmp_path, encoding, found):
    (tmp_path / "a.csv").write_bytes(JAPANESE.encode(encoding))
    table = read("a.csv", geometry=AT)
    assert table.frame["名称"].tolist() == ["若松北公園（芝生）", "さくら広場"]
    assert [(f.code, f.value) for f in table.findings] == [("encoding-found", found)]


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp", "iso2022_jp", "utf-16-le"])
@pytest.mark.parametrize("declared", ["utf-8", "cp932", "euc_jp"])
def test_a_wrong_declaration_is_refused_with_the_right_one(read, tmp_path, encoding, declared):
    if encoding == declared:
        return
    (tmp_path / "a.csv").write_bytes(JAPANESE.encode(encoding))
    with pytest.raises(SourceError) as caught:
        read("a.csv", geometry=AT, encoding=declared)
    (finding,) = caught.value.findings
    assert finding.code == "encoding-wrong"
    assert f"encoding: {encoding}" in finding.remedy_ja


def test_names_of_two_kanji_in_euc_are_not_half_width_katakana(read, tmp_path):
    (tmp_path / "a.csv").write_bytes("name,経度,緯度\n地点1,130.8,33.9\n".encode("euc_jp"))
    assert read("a.csv", geometry=AT).frame["name"].tolist() == ["地点1"]


def test_half_width_katakana_beside_kanji_are_cp932(read, tmp_path):
    text = "名称,ﾖﾐ,経度,緯度\n若松公園,ﾜｶﾏﾂｺｳｴﾝ,130.8,33.9\n"
    (tmp_path / "a.csv").write_bytes(text.encode("cp932"))
    assert read("a.csv", geometry=AT).frame["ﾖﾐ"].tolist() == ["ﾜｶﾏﾂｺｳｴﾝ"]


def test_characters_only_jis_x_0213_has_are_kept(read, tmp_path):
    text = "名称,経度,緯度\n𠮟る公園の俱楽部,130.8,33.9\n"
    (tmp_path / "a.csv").write_bytes(text.encode("shift_jis_2004"))
    assert read("a.csv", geometry=AT).frame["名称"].tolist() == ["𠮟る公園の俱楽部"]


def test_text_no_encoding_makes_sense_of_is_refused(read, tmp_path):
    (tmp_path / "a.csv").write_bytes("n,x\nCafé crème,Zürich\n".encode("latin-1"))
    with pytest.raises(SourceError) as caught:
        read("a.csv", geometry=AT)
    assert [f.code for f in caught.value.findings] == ["encoding-unclear"]


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "euc_jp"])
def test_a_file_that_ends_in_half_a_character_is_cut(read, tmp_path, encoding):
    text = JAPANESE + "さくら"
    (tmp_path / "a.csv").write_bytes(text.encode(encoding)[:-1])
    with pytest.raises(SourceError) as caught:
        read("a.csv", geometry=AT)
    (finding,) = caught.value.findings
    assert "途中で切れています" in finding.message_ja or finding.code == "encoding-wrong"
