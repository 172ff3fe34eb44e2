"""One form for all ways of writing a name; the browser is held to the same list."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.standardise.search_keys import kanji_variants, loose_key, search_key

LIST = json.loads((Path(__file__).parent / "search_keys.json").read_text("utf-8"))


@pytest.mark.parametrize(("written", "key"), LIST)
def test_a_name_has_the_key_of_the_list(written, key):
    assert search_key(written) == key


@given(st.text(alphabet="がｶﾞっャー霧ヶ丘之髙二十三丁目番号町字大－-1 ・Ａz", max_size=12))
def test_a_query_is_folded_as_the_name_it_stands_in(text):
    assert search_key(text.upper()) == search_key(text)
    assert " " not in search_key(text)


def test_every_variant_leads_to_a_kanji_that_stays():
    variants = kanji_variants()
    assert len(variants) > 150
    assert not set(variants) & set(variants.values())
    for old, new in variants.items():
        assert search_key(old) == new


def test_the_second_look_forgives_voicing_and_long_vowels():
    assert loose_key(search_key("センター")) == loose_key(search_key("ゼンタ"))
