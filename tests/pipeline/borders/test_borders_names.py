"""One place written in two ways is one name; places that look alike stay two."""

import pytest

from pipeline.borders.duplicates import graded
from pipeline.borders.names import differs_in_kind, place_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("中央公民館", "中央　公民館"),
        ("ﾀﾂﾏﾙ会館", "タツマル会館"),
        ("第一中学校", "第１中学校"),
        ("第二十三区会館", "第23区会館"),
        ("谷田ケ浴公園", "谷田ヶ浴公園"),
        ("松が丘公民館", "松ヶ丘公民館"),
        ("川の上会館", "川ノ上会館"),
        ("髙﨑集会所", "高崎集会所"),
        ("町民運動場", "町民グランド"),
        ("折尾高校", "折尾高等学校"),
        ("老人福祉センタ", "老人福祉センター"),
        ("大里ちょう3集会所", "大里町3集会所"),
    ],
)
def test_variants_of_a_name_are_equal(one, other):
    assert place_name(one).whole == place_name(other).whole


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("吉田小学校", "吉田中学校"),
        ("一区公民館", "二区公民館"),
        ("第３山田学童", "山田学童"),
        ("山側集会所", "海側集会所"),
        ("東公園", "西公園"),
    ],
)
def test_names_that_differ_in_level_number_or_side_are_two_places(one, other):
    a, b = place_name(one), place_name(other)
    assert differs_in_kind(a, b)
    assert graded(a, b, 60.0, foreign=True) == ""


def test_a_city_hall_keeps_the_city_in_its_name():
    assert place_name("直方市民会館").bare == "直方市民会館"
    assert place_name("町民体育館").core == "町民"
    assert place_name("北九州市立美術館").bare == "美術館"


def test_numbers_in_names_of_places_stay():
    assert place_name("三萩野公園").whole == "三萩野公園"
    assert place_name("八幡会館").whole == "八幡会館"


def test_part_of_the_premises_is_told_as_part():
    whole, part = place_name("折尾中学校"), place_name("折尾中学校（武道場）")
    assert graded(whole, part, 80.0, foreign=False) == "part"


@pytest.mark.parametrize(("metres", "grade"), [(0, "same"), (199, "same"), (250, "")])
def test_equal_names_are_one_place_within_200_metres(metres, grade):
    name = place_name("中央公民館")
    assert graded(name, name, metres, foreign=True) == grade
