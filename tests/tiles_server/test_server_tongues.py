"""Words in Japanese on an English page say so (WCAG 2.2, 3.1.2), whatever a city has translated."""

from __future__ import annotations

import html
import json
import re
import shutil
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from serving import serving
from tongues import JAPANESE, unmarked

from tiles_server.app import flask_app
from tiles_server.formatting import spoken
from tiles_server.releases import Releases

PAGES = re.compile(r'href="(/[^"#?]*)')
FILES = re.compile(r"^/(downloads|tiles|static|styles|collections)|\.(?!html)\w+$")
APP = flask_app(Releases(Path()))
MADE_ELSEWHERE = re.compile(r"/gtfs/[^/]+/.+\.html$")
"""Pages of a feed, which the build has written."""


def without_english(said):
    """Return a manifest as of a city that writes Japanese only."""
    if isinstance(said, dict):
        kept = {key: without_english(value) for key, value in said.items()}
        return kept | {"en": ""} if {"ja", "en"} <= kept.keys() else kept
    return [without_english(value) for value in said] if isinstance(said, list) else said


@pytest.fixture(scope="module")
def japanese_only(sample_data, tmp_path_factory):
    folder = (sample_data / "releases" / "current").resolve()
    data = tmp_path_factory.mktemp("ja")
    release = data / "releases" / folder.name
    shutil.copytree(folder, release)
    manifest = json.loads((release / "manifest.json").read_text("utf-8"))
    text = json.dumps(without_english(manifest), ensure_ascii=False)
    (release / "manifest.json").write_text(text, "utf-8")
    (release.parent / "current").symlink_to(folder.name)
    return data


def english_pages(data):
    """Yield ``(address, page)`` of every page that links lead to, each asked for in English."""
    with serving(data) as server, httpx.Client(base_url=server.address, timeout=60) as client:
        seen, waiting = set(), ["/"]
        while waiting:
            path = waiting.pop()
            if path in seen or FILES.search(path) or MADE_ELSEWHERE.search(path):
                continue
            seen.add(path)
            answer = client.get(path, params={"lang": "en"}, headers={"Accept": "text/html"})
            if answer.is_success and answer.headers["Content-Type"].startswith("text/html"):
                yield path, answer.text
                waiting += [html.unescape(found) for found in PAGES.findall(answer.text)]


def test_every_japanese_word_of_an_english_page_is_marked(japanese_only):
    """Attributes and titles cannot hold a mark: only what stands in elements is looked at."""
    left, pages = {}, 0
    for path, page in english_pages(japanese_only):
        pages += 1
        found = [f for f in unmarked(page) if "[" not in f[0] and f[0] not in ("title", "textarea")]
        if found:
            left[path] = found
    assert pages > 30
    assert left == {}


@pytest.fixture
def speaking():
    return lambda tongue: APP.test_request_context(f"/?lang={tongue}")


def test_japanese_in_an_english_sentence_is_marked_alone(speaking):
    with speaking("en"):
        assert spoken("City parks: 北九州市・下関市 (CC-BY-4.0)") == Markup(
            'City parks: <span lang="ja">北九州市・下関市</span> (CC-BY-4.0)'
        )
    with speaking("ja"):
        assert spoken("公園 <b>") == "公園 <b>"


@given(st.text(st.characters(codec="utf-8")) | st.text("公園<>&\"' a1（）"))
def test_marking_changes_no_word_and_lets_no_html_through(text):
    with APP.test_request_context("/?lang=en"):
        marked = str(Markup.escape(spoken(text)))
    assert html.unescape(re.sub(r'<span lang="ja">|</span>', "", marked)) == text
    outside = re.sub(r'<span lang="ja">.*?</span>', "", marked, flags=re.DOTALL)
    assert not JAPANESE.search(html.unescape(outside))
    assert not re.search(r"<(?!/?span)", marked)
