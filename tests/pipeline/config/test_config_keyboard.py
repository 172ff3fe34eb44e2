"""What a Japanese keyboard puts into layers.yaml is named by place and by what to type instead."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.keyboard import meant, slips
from pipeline.config.load import load
from pipeline.errors import DeclarationError

SOUND = """\
publisher: {name: {ja: 北九州市}, code: "401005", licence: CC-BY-4.0}
municipalities:
  kitakyushu: {code: "401005", name: {ja: 北九州市}}
layers:
  parks:
    title: {ja: 公園：緑地、広場　など}
    description:
      ja: 説明：全角の記号、空白　はここでは正しい
    sources:
      - {municipality: kitakyushu, path: parks.csv}
    privacy:
      publish: [name, kind]
    tiles: {minzoom: 6, maxzoom: 14}
"""


def complaints(folder, text):
    path = folder / "layers.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        load(path)
    return caught.value.findings


def test_full_width_signs_inside_texts_are_good_japanese(tmp_path):
    path = tmp_path / "layers.yaml"
    path.write_text(SOUND, encoding="utf-8")
    assert load(path).declaration.layers["parks"].title.ja == "公園：緑地、広場　など"


@pytest.mark.parametrize(
    ("right", "wrong", "line", "column", "name", "remedy"),
    [
        ("    title:", "\ttitle:", 6, 1, "タブ", "半角の空白二つ"),
        ("    title:", "  \ttitle:", 6, 3, "タブ", "半角の空白二つ"),
        ("    title:", "　　title:", 6, 1, "全角の空白", "半角の空白二つ"),
        ("    title:", "    title：", 6, 10, "全角の「：」", "半角の「:」"),
        ("tiles: {minzoom", "tiles: ｛minzoom", 13, 12, "全角の「｛」", "半角の「{」"),
        ("minzoom: 6,", "minzoom： 6，", 13, 20, "全角の「：」", "半角の「:」"),
        ("      - {municipality", "      －{municipality", 10, 7, "全角の「－」", "半角の「-」"),
        ("layers:\n", "layers：\n", 4, 7, "全角の「：」", "半角の「:」"),
        ("tiles: {min", "tiles:{min", 13, 10, "空白のない「:」", "空白を一つ"),
    ],
)  # fmt: skip
def test_a_slip_is_named_with_line_column_and_what_to_type(
    tmp_path, right, wrong, line, column, name, remedy
):
    text = SOUND.replace(right, wrong.replace("－{", "－ {"), 1)
    found = complaints(tmp_path, text)[0]
    assert (found.code, found.row) == ("yaml-sign", line)
    assert f"{column} 文字目に{name}があり" in found.message_ja
    assert remedy in found.remedy_ja
    assert "全角" not in found.message_en


@pytest.mark.parametrize(
    ("right", "wrong", "code", "line"),
    [
        ("publish: [name, kind]", "publish: [name, kind", "yaml-unclosed", 12),
        ('code: "401005", lic', 'code: "401005, lic', "yaml-unclosed", 1),
        ("    privacy:\n", "    privacy:\n    privacy:\n", "yaml-key-twice", 12),
        ("      ja: 説明", "      ja: 注意: 説明", "yaml-colon-inside", 8),
        ("    sources:\n", "   sources:\n", "yaml-indent", 9),
    ],
)
def test_other_breaks_are_told_by_what_to_do_not_in_the_parsers_words(
    tmp_path, right, wrong, code, line
):
    found = complaints(tmp_path, SOUND.replace(right, wrong, 1))[0]
    assert (found.code, found.row) == (code, line)
    assert found.value


@pytest.mark.parametrize(
    ("right", "wrong", "meaning"),
    [
        ("[name, kind]", "[name、kind]", "name, kind"),
        ("maxzoom: 14", "maxzoom: １４.", "14."),
        ("municipality: kitakyushu", "municipality: kitakyushu　", None),
        ("licence: CC-BY-4.0}", "licence: CC-BY-4.0}\nsample: ｔｒｕｅ", "true"),
    ],
)
def test_a_value_with_wide_signs_is_shown_as_it_was_meant(tmp_path, right, wrong, meaning):
    found = complaints(tmp_path, SOUND.replace(right, wrong, 1))
    if meaning:
        assert [f.code for f in found] == ["value-wide"]
        assert f"「{meaning}」" in found[0].remedy_ja
    else:
        assert "kitakyushu" in found[0].remedy_ja


def test_a_key_in_wide_letters_finds_the_key_it_stands_for(tmp_path):
    found = complaints(tmp_path, SOUND.replace("    tiles:", "    ｔｉｌｅｓ:"))
    assert "「tiles」" in found[0].remedy_ja


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("minzoom: 6", "minzoom: six", "value-not-integer"),
        ("minzoom: 6", "minzoom: 99", "value-not-in-range"),
        ("publish: [name, kind]", "publish: name", "value-not-list"),
        ("tiles: {minzoom: 6, maxzoom: 14}", "tiles: 6", "value-not-mapping"),
        ("path: parks.csv", "path: [parks.csv]", "value-not-text"),
        ("licence: CC-BY-4.0}", "licence: CC-BY-4.0}\nsample: maybe", "value-not-boolean"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_in_both_languages(tmp_path, right, wrong, code):
    found = complaints(tmp_path, SOUND.replace(right, wrong, 1))
    assert [f.code for f in found] == [code]
    assert "should be" not in found[0].message_ja + found[0].remedy_ja
    assert "Input" not in found[0].message_en


@given(st.text(), st.none() | st.integers(1, 50))
def test_looking_for_slips_never_fails_and_points_at_what_stands_there(text, near):
    lines = text.splitlines()
    for slip in slips(lines, near):
        assert lines[slip.line - 1][slip.column - 1] == slip.wrong
        assert slip.wrong != slip.right
        assert all(slip.name)
        assert all(slip.remedy)


@given(st.text("abcdefghij_0123456789[]{}:,\"'", min_size=1))
def test_half_width_text_means_itself(text):
    assert meant(text) == text
