"""The page of a border, which two planners look at together, has no barrier."""

from __future__ import annotations

import pytest
from serving import serving

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def server(run_tonari, tmp_path_factory):
    data = tmp_path_factory.mktemp("borders")
    done = run_tonari("build", "--only", "walkways", "--data", data)
    assert done.returncode == 0, done.stderr
    with serving(data) as running:
        yield running


@pytest.mark.parametrize("language", ["ja", "en"])
def test_axe_finds_no_barrier_on_the_page_of_a_border(server, chromium, axe, language):
    context = chromium.new_context(locale="ja-JP", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{server.address}/borders/352012-401005?lang={language}")
    assert page.locator("svg[role=img] circle").count() == 2
    assert axe(page) == []
    context.close()
