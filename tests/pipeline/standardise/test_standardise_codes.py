"""全国地方公共団体コード: the check digit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.standardise.codes import check_digit

KNOWN = {
    "401005": "北九州市",
    "401013": "北九州市門司区",
    "401030": "北九州市若松区",
    "401056": "北九州市戸畑区",
    "352012": "下関市",
    "406210": "苅田町",
    "402133": "行橋市",
    "011002": "札幌市",
    "131016": "千代田区",
    "472018": "那覇市",
}
"""From 総務省「全国地方公共団体コード」."""


@pytest.mark.parametrize("code", KNOWN)
def test_the_check_digit_of_known_codes(code):
    assert check_digit(code[:5]) == code[5]


@given(st.integers(0, 99999).map("{:05d}".format), st.integers(0, 4), st.integers(1, 9))
def test_a_changed_digit_is_noticed_unless_the_weights_hide_it(code, place, change):
    """The rule folds remainders 0 and 1 onto digits 1 and 0, so one confusion remains."""
    digits = [int(d) for d in code]
    digits[place] = (digits[place] + change) % 10
    other = "".join(map(str, digits))
    weights = (6, 5, 4, 3, 2)
    sums = [sum(int(d) * w for d, w in zip(c, weights, strict=True)) % 11 for c in (code, other)]
    same = check_digit(code) == check_digit(other)
    assert same == (sums[0] == sums[1] or sorted(sums) == [0, 10] or sorted(sums) == [1, 11])


@pytest.mark.parametrize("wrong", ["4010", "401005", "４０１００", "4010a", ""])
def test_only_five_digits_have_one(wrong):
    with pytest.raises(ValueError, match="five digits"):
        check_digit(wrong)
