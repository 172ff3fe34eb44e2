"""Personal information is known by how it is written, and what only looks like it is not."""

import numpy as np
import pytest

from pipeline.privacy.detect.headings import detectors_of
from pipeline.privacy.detect.scan import scan_values


def found(*cells, about=None):
    return set(scan_values(np.array(cells, object), about))


@pytest.mark.parametrize(
    ("detector", "cell"),
    [
        ("name", "佐々木　健一"),
        ("name", "渡邊健一"),
        ("name", "ｻｻｷ ｹﾝｲﾁ"),
        ("name", "鍵は中村さん宅にあります"),
        ("name", "申請者：藤田"),
        ("phone", "℡０９３（８７１）４５６７"),
        ("phone", "＋８１－９０－１２３４－５６７８"),
        ("phone", "夜間は080 2345 6789へ"),
        ("email", "kenichi＠example.co.jp"),
        ("birth_date", "昭和45年3月3日生まれ"),
        ("birth_date", "生年月日 1970/3/3"),
        ("bank_account", "福岡銀行門司支店 普通 7654321"),
        ("plate", "北九州５０１ち９８－７６"),
        ("address", "大字安屋1742"),
        ("address", "八幡東区中央二丁目１番１号"),
        ("health", "二階に要介護４の方"),
        ("my_number", "マイナンバー：123456789018"),
        ("my_number", "1234 5678 9018"),
    ],
)
def test_a_single_cell_is_enough_for(detector, cell):
    assert detector in found("異常なし", "点検済", cell)


@pytest.mark.parametrize(
    "cell",
    [
        "一枝公園", "小倉城", "戸畑区役所", "門司港駅", "松原中央公園", "第一種住居地域",
        "2026-03-31", "令和8年3月31日", "T8000020401005", "8000020401005", "401005-000123", "40%",
        "小倉南区", "三丁目", "方式1", "夜間用", "1,234.5", "鉄筋コンクリート造", "毎日新聞社",
        "北九州市", "町内会長宅", "利用者様へ",
    ],
)  # fmt: skip
def test_a_ledgers_ordinary_words_are_no_hit(cell):
    assert found(cell) == set()


def numbers(count, start=0, check=None):
    """Make numbers of twelve digits that all pass, or whose last digit says `check`."""
    weights = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]
    for n in range(count):
        body = f"{(start + n * 7919_7919) % 10**11:011d}"
        rest = sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11
        yield body + str((0 if rest <= 1 else 11 - rest) if check is None else check)


def test_a_column_of_my_numbers_is_known_by_its_check_digits():
    assert "my_number" in found(*numbers(50))


def test_a_column_of_other_codes_passes_by_chance_only():
    assert found(*numbers(500, check=4)) == set()


def test_my_numbers_that_a_spreadsheet_made_numbers_of_are_known():
    cells = [f"{int(n)}.0" for n in numbers(50, start=12345678901)]
    assert "my_number" in found(*cells)


def test_serial_numbers_of_ten_digits_are_no_telephones():
    assert found(*(f"09{n:08d}" for n in range(50))) == set()


def test_offices_of_public_facilities_may_be_called_but_not_people():
    assert found("093-582-2525", "小倉北区城内1-1", about="public_facilities") == set()
    assert found("090-1234-5678", about="public_facilities") == {"phone"}


@pytest.mark.parametrize(
    ("heading", "detectors"),
    [
        ("所有者　氏名", ["name"]), ("owner_name", ["name"]), ("代表者電話番号", ["phone"]),
        ("生年月日", ["birth_date"]), ("ＭＡＩＬ", ["email"]), ("個人番号", ["my_number"]),
        ("要介護度", ["health"]), ("地番", ["address"]), ("施設名", []), ("所有者区分", []),
        ("年齢別人口", []), ("障害物", []), ("担当課", []), ("landowner_count", []), ("name", []),
    ],
)  # fmt: skip
def test_headings_tell(heading, detectors):
    assert detectors_of(heading) == detectors
