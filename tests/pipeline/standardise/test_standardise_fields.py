"""From the columns of a ledger to the fields of a layer."""

import pytest

AT = {"x": "経度", "y": "緯度", "crs": "EPSG:6668"}


@pytest.fixture
def ledger(tmp_path):
    """Write a CSV of one municipality and return its source."""

    def write(header, *rows, name="a.csv", **declared):
        lines = [",".join([*header, "経度", "緯度"])]
        lines += [",".join([*row, f"130.8{i}", "33.9"]) for i, row in enumerate(rows)]
        (tmp_path / name).write_text("\n".join(lines), encoding="utf-8")
        return {"path": name, "encoding": "utf-8", "geometry": AT} | declared

    return write


def text(ja, **more):
    return {"title": {"ja": ja}} | more


def codes(assembled, code):
    return [f for f in assembled.findings if f.code == code]


def test_a_column_is_found_as_declared(layer_of, ledger):
    source = ledger(["公園名"], ["一枝"], fields={"公園名": "name"})
    made = layer_of(source, publish=["name"])
    assert made.frame["name"].tolist() == ["一枝"]
    assert made.fields[0].title_ja == "公園名"


@pytest.mark.parametrize("heading", ["name", "名称", "　ＮＡＭＥ".strip().lower(), "名称 "])
def test_a_column_is_found_by_name_or_title_in_any_width(layer_of, ledger, heading):
    made = layer_of(ledger([heading], ["一枝"]), publish=["name"], fields={"name": text("名称")})
    assert made.frame["name"].tolist() == ["一枝"]


def test_a_national_schema_knows_the_headings_of_cities(layer_of, ledger):
    source = ledger(
        ["施設・場所名", "災害種別_洪水", "想定収容人数"], ["一枝小学校", "1", "１，２００"]
    )
    made = layer_of(
        source,
        publish=["name", "flood", "capacity"],
        schema="municipal-standard/evacuation_space",
    )
    assert made.frame.loc[0, ["name", "flood", "capacity"]].tolist() == ["一枝小学校", True, 1200]


def test_an_unknown_schema_is_an_error_that_lists_the_known(layer_of, ledger):
    made = layer_of(ledger(["x"], ["y"]), publish=["x"], schema="municipal-standard/evacuation")
    (finding,) = made.findings
    assert finding.code == "schema-unknown"
    assert "municipal-standard/evacuation_space" in finding.remedy_ja


def test_a_declared_column_that_is_absent_is_an_error_that_lists_the_columns(layer_of, ledger):
    made = layer_of(ledger(["公園名"], ["一枝"], fields={"名称": "name"}), publish=["name"])
    (finding,) = made.findings
    assert (finding.code, finding.file, finding.field) == ("field-absent", "a.csv", "名称")
    assert "公園名" in finding.remedy_en
    assert made.frame is None


def test_one_value_for_a_whole_source(layer_of, ledger):
    made = layer_of(
        ledger(["name"], ["一枝"], values={"kind": "街区公園"}),
        publish=["name", "kind"],
        fields={"name": text("名称")},
    )
    assert made.frame["kind"].tolist() == ["街区公園"]


def test_unreadable_values_are_counted_with_the_first_row(layer_of, ledger):
    source = ledger(["人数"], ["1"], ["未調査"], ["不明"])
    made = layer_of(source, publish=["n"], fields={"n": text("人数", type="integer")})
    (finding,) = codes(made, "value-not-integer")
    assert (finding.row, finding.field, finding.value, finding.count) == (3, "人数", "未調査", 2)
    assert made.frame["n"].isna().tolist() == [False, True, True]


def test_missing_required_values_are_counted_apart_from_unreadable_ones(layer_of, ledger):
    source = ledger(["日付", "x"], ["H31.2.1", "1"], ["", "1"], ["不明", "1"], [" ", "1"])
    made = layer_of(source, publish=["d"], fields={"d": text("日付", type="date", required=True)})
    (missing,) = codes(made, "value-missing")
    (wrong,) = codes(made, "value-not-date")
    assert (missing.row, missing.count) == (3, 2)
    assert (wrong.row, wrong.count) == (4, 1)


def test_codes_keep_their_leading_zeros(layer_of, ledger):
    made = layer_of(ledger(["番号"], ["0012"]), publish=["no"], fields={"no": text("番号")})
    assert made.frame["no"].tolist() == ["0012"]


def test_invisible_control_characters_are_taken_out_and_counted(layer_of, ledger):
    made = layer_of(
        ledger(["name"], ["公\0園\x0b"]), publish=["name"], fields={"name": text("名称")}
    )
    assert made.frame["name"].tolist() == ["公園"]
    (finding,) = codes(made, "text-control")
    assert (finding.row, finding.count) == (2, 1)


@pytest.mark.parametrize("name", ["row", "source", "index", "level_0"])
def test_no_field_name_collides_with_our_own_columns(layer_of, ledger, name):
    made = layer_of(ledger([name], ["値"]), publish=[name], fields={name: text(name)})
    assert made.frame[name].tolist() == ["値"]


def test_every_record_says_which_municipality_it_is_from(layer_of, ledger):
    first = ledger(["name"], ["一枝"])
    second = ledger(["name"], ["唐戸"], name="b.csv", municipality="shimonoseki")
    made = layer_of(first, second, publish=["name"], fields={"name": text("名称")})
    assert made.frame["municipality_code"].tolist() == ["401005", "352012"]


def test_columns_nobody_took_up_are_named(layer_of, ledger):
    made = layer_of(
        ledger(["name", "鍵の保管者"], ["一枝", "甲"]),
        publish=["name"],
        fields={"name": text("名称")},
    )
    (finding,) = codes(made, "columns-unused")
    assert "鍵の保管者" in finding.message_ja
    assert "鍵の保管者" not in made.frame.columns


def test_fields_outside_the_allow_list_are_withheld_and_named(layer_of, ledger):
    source = ledger(["name", "電話"], ["一枝", "093-861-0961"], fields={"電話": "telephone"})
    made = layer_of(source, publish=["name"], fields={"name": text("名称")})
    assert list(made.frame.columns) == ["id", "municipality_code", "name", "geometry"]
    (finding,) = codes(made, "fields-withheld")
    assert "telephone" in finding.message_en
    assert "093-861-0961" not in finding.line("ja")


def test_publishing_a_field_that_does_not_exist_is_an_error(layer_of, ledger):
    made = layer_of(ledger(["name"], ["一枝"]), publish=["naem"], fields={"name": text("名称")})
    (finding,) = codes(made, "field-not-in-layer")
    assert (finding.value, finding.severity) == ("naem", "error")


def test_a_source_that_fails_does_not_hide_what_is_wrong_with_the_next(layer_of, ledger):
    broken = {"path": "nothing.csv", "geometry": AT}
    made = layer_of(
        broken, ledger(["人数"], ["x"]), publish=["n"], fields={"n": text("人数", type="integer")}
    )
    assert {"source-missing", "value-not-integer"} <= {f.code for f in made.findings}


def test_a_source_without_values_does_not_decide_a_type(layer_of, tmp_path, points):
    points({"n": [float("nan")] * 2}).to_file(tmp_path / "a.gpkg")
    points({"n": ["12a", "5"]}).to_file(tmp_path / "b.gpkg")
    first = {"path": "a.gpkg", "fields": {"n": "n"}}
    made = layer_of(first, first | {"path": "b.gpkg"}, publish=["n"])
    assert made.frame["n"].tolist() == [None, None, "12a", "5"]
    assert made.fields[0].type == "string"


@pytest.mark.parametrize(
    ("values", "kind", "dtype"),
    [
        ([1, 2], "integer", "Int64"),
        ([0.5, 1], "number", "Float64"),
        ([True, False], "boolean", "boolean"),
    ],
)
def test_types_survive_joining_with_a_source_that_has_none(
    layer_of, tmp_path, points, values, kind, dtype
):
    points({"n": [None, None]}).to_file(tmp_path / "a.gpkg")
    points({"n": values}).to_file(tmp_path / "b.gpkg")
    first = {"path": "a.gpkg", "fields": {"n": "n"}}
    made = layer_of(first, first | {"path": "b.gpkg"}, publish=["n"])
    assert made.fields[0].type == kind
    assert str(made.frame["n"].dtype) == dtype
    assert made.frame["n"].tolist()[2:] == values


def test_a_map_coloured_by_a_withheld_field_is_warned_of(layer_of, ledger):
    source = ledger(["name", "種別"], ["一枝", "街区"], fields={"種別": "kind"})
    made = layer_of(
        source,
        publish=["name"],
        fields={"name": text("名称")},
        style={"by": "kind", "label": "name"},
    )
    (finding,) = codes(made, "style-field-withheld")
    assert (finding.value, finding.field) == ("kind", "layers.parks.style")
