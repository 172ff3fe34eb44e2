"""layers.yaml: what is wrong is said with its line, its key and what to do."""

import pytest

from pipeline.config.load import load
from pipeline.config.sources import QUERY_PARAMETERS, RESERVED_FIELDS
from pipeline.errors import DeclarationError
from tiles_server.routes.data import api_description

SOUND = """\
publisher: {name: {ja: 北九州市}, code: "401005", licence: CC-BY-4.0}
municipalities:
  kitakyushu: {code: "401005", name: {ja: 北九州市}}
layers:
  parks:
    title: {ja: 公園}
    sources:
      - {municipality: kitakyushu, path: parks.csv}
    privacy:
      publish: [name]
"""


@pytest.fixture
def declare(tmp_path):
    def write(text, name="layers.yaml", encoding="utf-8"):
        path = tmp_path / name
        path.write_text(text, encoding=encoding)
        return path

    return write


@pytest.fixture
def complaints(declare):
    """Return the findings of a declaration that cannot be used."""

    def of(text, **options):
        with pytest.raises(DeclarationError) as caught:
            load(declare(text, **options))
        return caught.value.findings

    return of


def test_a_sound_declaration_becomes_frozen_objects(declare):
    declaration = load(declare(SOUND)).declaration
    assert declaration.layers["parks"].sources[0].path == "parks.csv"
    with pytest.raises(ValueError, match="frozen"):
        declaration.sample = True


def test_unknown_key_names_the_nearest_known_key_and_its_line(complaints):
    (found,) = complaints(SOUND + "    licens: CC0-1.0\n")
    assert (found.code, found.row, found.field) == ("key-unknown", 11, "layers.parks")
    assert "licens" in found.message_en
    assert "'licence'" in found.remedy_en
    assert "「licence」" in found.remedy_ja


def test_unknown_key_far_from_any_lists_the_known_ones(complaints):
    (found,) = complaints(SOUND + "zzz: 1\n")
    assert found.row == 11
    for known in ("publisher", "municipalities", "records", "layers", "rasters", "feeds", "maps"):
        assert f"{known}, " in found.remedy_en


def test_a_key_inside_a_list_is_found_by_its_own_line(complaints):
    missing, unknown = complaints(SOUND.replace("path: parks.csv", "pth: parks.csv"))
    assert (missing.code, missing.field) == ("key-missing", "layers.parks.sources.0")
    assert (unknown.code, unknown.row) == ("key-unknown", 8)
    assert "'path'" in unknown.remedy_en


FEED = """\
feeds:
  ferry:
    title: {ja: 渡船}
    operator: {id: "8000020401005", name: {ja: 北九州市}, url: "https://example.jp/"}
    period: {start: 2026-10-01, end: 2027-09-30}
    day_types: {daily: {title: {ja: 毎日}, runs: [mon]}}
    stops: {file: a.xlsx, fields: {name: 名称, lat: 緯度, lon: 経度}}
    routes: {line: {title: {ja: 線}}}
    timetables: [{file: a.xlsx, route: line, tables: [{times: C5, stops: B, day_type: daily}]}]
    fares:
      - {kind: flat, price: 100, riders: {child: {title: {ja: 小児}, precent: 50, price: 50}}}
"""


def test_a_key_of_one_kind_among_several_is_told_with_that_kinds_keys(complaints):
    (found,) = complaints(SOUND + FEED)
    assert (found.code, found.row) == ("key-unknown", 21)
    assert found.field == "feeds.ferry.fares.0.riders.child"
    assert "'percent'" in found.remedy_en


def test_missing_key_is_named(complaints):
    (found,) = complaints(SOUND.replace(", licence: CC-BY-4.0", ""))
    assert (found.code, found.row) == ("key-missing", 1)
    assert "'licence'" in found.message_en


def test_code_without_quotes_is_told_to_be_quoted(complaints):
    (found,) = complaints(SOUND.replace('code: "401005", l', "code: 401005, l"))
    assert found.code == "value-needs-quotes"
    assert found.field == "publisher.code"
    assert '"401005"' in found.remedy_en


def test_code_that_lost_its_quotes_keeps_its_leading_zero_in_the_advice(complaints):
    (found,) = complaints(SOUND.replace('code: "401005", l', "code: 012025, l"))
    assert '"012025"' in found.remedy_ja


def test_wrong_check_digit_says_the_right_one(complaints):
    (found,) = complaints(SOUND.replace('code: "401005", n', 'code: "401006", n'))
    assert (found.code, found.row) == ("municipality-code-wrong", 3)
    assert "401005" in found.remedy_en


def test_full_width_digits_are_no_code(complaints):
    (found,) = complaints(SOUND.replace('"401005", l', '"４０１００５", l'))
    assert found.field == "publisher.code"


@pytest.mark.parametrize(
    ("wrong", "right", "kind", "known"),
    [
        ("municipality: kitakyusyu", "municipality: kitakyushu", "municipalities", "kitakyushu"),
    ],
)
def test_municipality_declared_nowhere_is_named(complaints, wrong, right, kind, known):
    (found,) = complaints(SOUND.replace(right, wrong))
    assert (found.code, found.row, found.value) == ("reference-dangling", 8, "kitakyusyu")
    assert kind in found.message_en
    assert known in found.remedy_en


@pytest.mark.parametrize("kind", ["layers", "feeds"])
def test_a_map_may_show_only_what_is_declared(complaints, kind):
    text = SOUND + f"maps: {{m: {{title: {{ja: 図}}, {kind}: [paks], center: [130.8, 33.9]}}}}\n"
    (found,) = complaints(text)
    assert (found.code, found.field, found.value) == (
        "reference-dangling",
        f"maps.m.{kind}.0",
        "paks",
    )


@pytest.mark.parametrize(
    ("addition", "code"),
    [
        ("    tiles: {minzoom: 9, maxzoom: 3}\n", "zooms-reversed"),
        ("    outputs: [shp]\n", "value-not-allowed"),
        ("    fields: {id: {title: {ja: 番号}}}\n", "field-reserved"),
        ("    fields: {名称: {title: {ja: 名称}}}\n", "name-wrong"),
        ("    tiles: {maxzoom: 99}\n", "value-not-in-range"),
    ],
)
def test_values_that_cannot_be_are_refused_in_words(complaints, addition, code):
    (found,) = complaints(SOUND + addition)
    assert found.code == code
    assert found.row in (5, 11)


@pytest.mark.parametrize(
    "path", ["/data/parks.csv", "C:/data/parks.csv", "~/parks.csv", r"'\\nas\parks.csv'"]
)
def test_paths_of_one_machine_are_refused(complaints, path):
    (found,) = complaints(SOUND.replace("parks.csv", path))
    assert found.code == "path-not-relative"


@pytest.mark.parametrize(
    "givers", ["fields: {名称: name, 公園名: name}", "fields: {名称: name}, values: {name: 公園}"]
)
def test_a_field_has_one_giver(complaints, givers):
    (found,) = complaints(SOUND.replace("path: parks.csv", f"path: parks.csv, {givers}"))
    assert found.code == "field-twice"
    assert "名称" in found.message_ja


def test_a_source_may_not_fill_the_columns_every_layer_has(complaints):
    (found,) = complaints(
        SOUND.replace("path: parks.csv", "path: parks.csv, fields: {コード: municipality_code}")
    )
    assert found.code == "field-reserved"


@pytest.mark.parametrize("name", sorted(QUERY_PARAMETERS))
@pytest.mark.parametrize(
    "place",
    [
        ("[name]", "[name, {}]"),
        ("path: parks.csv", "path: parks.csv, fields: {{列: {}}}"),
        ("path: parks.csv", "path: parks.csv, values: {{{}: a}}"),
        ("    privacy:", "    fields: {{{}: {{title: {{ja: 列}}}}}}\n    privacy:"),
    ],
    ids=["published", "renamed to", "given", "declared"],
)
def test_no_field_is_called_like_a_parameter_of_the_server(complaints, name, place):
    before, after = place
    (found,) = complaints(SOUND.replace(before, after.format(name)))
    assert (found.code, found.row is not None) == ("field-parameter", True)
    assert name in found.message_ja
    assert name in found.remedy_en


def test_every_parameter_of_the_server_is_among_the_names_refused():
    queried = api_description()["paths"]["/collections/{layer}/items"]["get"]["parameters"]
    named = {p["name"] for p in queried if p.get("in") == "query"} - {"fields"}
    possible = {name for name in named if name.isidentifier()}
    assert possible <= QUERY_PARAMETERS | RESERVED_FIELDS


def test_a_field_listed_twice_for_publication_is_published_once(declare):
    loaded = load(declare(SOUND.replace("[name]", "[name, name]")))
    assert loaded.declaration.layers["parks"].privacy.publish == ("name",)


def test_missing_file_is_one_finding(tmp_path):
    with pytest.raises(DeclarationError) as caught:
        load(tmp_path / "nothing.yaml")
    assert [f.code for f in caught.value.findings] == ["declaration-missing"]


@pytest.mark.parametrize(
    ("text", "code", "row"),
    [
        ("a: [1\nb: 2\n", "yaml-unclosed", 1),
        ("a: 1\na: 2\n", "yaml-key-twice", 2),
        ("a:\n\tb: 1\n", "yaml-sign", 2),
        ("- 1\n", "yaml-not-mapping", 1),
        ("", "yaml-not-mapping", 1),
    ],
)
def test_what_is_no_yaml_mapping_names_the_line(complaints, text, code, row):
    (found,) = complaints(text)
    assert (found.code, found.row) == (code, row)


def test_a_declaration_saved_in_shift_jis_is_asked_for_in_utf8(complaints):
    (found,) = complaints(SOUND, encoding="cp932")
    assert found.code == "yaml-not-utf8"


def test_a_byte_order_mark_does_no_harm(declare):
    assert load(declare(SOUND, encoding="utf-8-sig")).declaration.publisher.code == "401005"


def test_a_section_whose_entries_are_commented_out_is_empty(declare):
    assert load(declare(SOUND + "feeds:\n  # wakato: later\n")).declaration.feeds == {}


def test_yaml_merge_keys_may_share_what_sources_have_in_common(declare):
    text = SOUND.replace(
        "- {municipality: kitakyushu, path: parks.csv}",
        "- &one {municipality: kitakyushu, path: parks.csv, encoding: cp932}\n"
        "      - {<<: *one, path: more.csv}",
    )
    first, second = load(declare(text)).declaration.layers["parks"].sources
    assert (second.path, second.encoding) == ("more.csv", first.encoding)


# ---- include


def test_include_merges_the_files_of_other_municipalities(declare):
    declare('municipalities:\n  shimonoseki: {code: "352012", name: {ja: 下関市}}\n', "west.yaml")
    loaded = load(declare(SOUND + "include: [west.yaml]\n"))
    assert list(loaded.declaration.municipalities) == ["kitakyushu", "shimonoseki"]


def test_include_refuses_a_name_declared_twice_and_says_where_both_are(complaints, declare):
    declare('municipalities:\n\n  kitakyushu: {code: "401005", name: {ja: 別}}\n', "west.yaml")
    (found,) = complaints(SOUND + "include: [west.yaml]\n")
    assert (found.code, found.file, found.row) == ("key-twice", "west.yaml", 3)
    assert "layers.yaml" in found.message_en


def test_an_error_in_an_included_file_names_that_file_and_line(complaints, declare):
    declare("layers:\n  x:\n    titel: {ja: 図}\n", "west.yaml")
    found = {f.code: f for f in complaints(SOUND + "include: [west.yaml]\n")}
    assert (found["key-unknown"].file, found["key-unknown"].row) == ("west.yaml", 3)


def test_an_included_file_holds_entries_only(complaints, declare):
    declare("publisher: {}\n", "west.yaml")
    (found,) = complaints(SOUND + "include: [west.yaml]\n")
    assert (found.code, found.file, found.row) == ("key-unknown", "west.yaml", 1)


def test_a_missing_included_file_is_named(complaints):
    (found,) = complaints(SOUND + "include: [west.yaml]\n")
    assert (found.code, found.file) == ("declaration-missing", "west.yaml")
