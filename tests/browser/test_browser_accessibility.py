"""WCAG 2.2 AA (JIS X 8341-3) as far as a program can judge it: axe-core on every kind of page."""

from __future__ import annotations

import pytest
from release_maker import make_release, switch
from serving import serving

pytestmark = pytest.mark.browser
RELEASE = "20261123T160000Z-0000000c"
PAGES = {
    "portal": "/",
    "found": "/?q=避難&f=html",
    "table": "/layers/evacuation_sites",
    "sorted table": "/layers/evacuation_sites?sortby=-capacity&municipality_code=401005",
    "empty table": "/layers/evacuation_sites?q=nowhere",
    "map": "/maps/kanmon_safety#15/33.906/130.84",
    "embed": "/maps/kanmon_safety/embed#15/33.906/130.84",
    "share": "/maps/kanmon_safety/share",
    "error": "/maps/nothing",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    (data / "releases").mkdir()
    make_release(data / "releases", RELEASE)
    switch(data / "releases", RELEASE)
    with serving(data) as running:
        yield running


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["desk", "phone"])
def page(chromium, request):
    width, height = request.param
    context = chromium.new_context(
        locale="ja-JP", viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", PAGES)
def test_axe_finds_no_barrier(server, page, axe, kind, language):
    path, _, place = PAGES[kind].partition("#")
    mark = "&" if "?" in path else "?"
    page.goto(f"{server.address}{path}{mark}lang={language}#{place}")
    if kind in ("map", "embed"):
        page.locator('html[data-map-state="idle"]').wait_for(state="attached")
        box = page.locator("canvas.maplibregl-canvas").bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.locator("#feature-body").wait_for()
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true; }")
    assert axe(page) == []


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_comparison_has_no_barrier_and_fits_a_telephone(sample_data, page, axe, language):
    with serving(sample_data) as server:
        page.goto(f"{server.address}/compare/land_use_shares?lang={language}")
        assert axe(page) == []
        page.set_viewport_size({"width": 320, "height": 640})
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert page.locator("figure.bars svg").bounding_box()["width"] <= 320
