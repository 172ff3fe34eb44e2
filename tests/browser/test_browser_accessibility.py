"""WCAG 2.2 AA (JIS X 8341-3) as far as a program can judge it: axe-core on every kind of page."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from release_maker import make_release, switch
from serving import serving

from tiles_server.vendor import DECLARATION, npm_command

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
RELEASE = "20261123T160000Z-0000000c"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "portal": "/",
    "table": "/layers/evacuation_sites",
    "map": "/maps/kanmon_safety#15/33.906/130.84",
    "embed": "/maps/kanmon_safety/embed#15/33.906/130.84",
    "error": "/maps/nothing",
}


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """Fetch axe-core at its locked version."""
    work = tmp_path_factory.mktemp("axe")
    for name in DECLARATION:
        shutil.copyfile(ROOT / name, work / name)
    command = [*npm_command(), "ci", "--ignore-scripts", "--loglevel=error"]
    subprocess.run(command, cwd=work, check=True, capture_output=True)
    return (work / "node_modules/axe-core/axe.min.js").read_text("utf-8")


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
    page.goto(f"{server.address}{path}?lang={language}#{place}")
    if kind in ("map", "embed"):
        page.locator('html[data-map-state="idle"]').wait_for(state="attached", timeout=60_000)
        box = page.locator("canvas.maplibregl-canvas").bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.locator("#feature-body").wait_for()
    for details in page.locator("details").all():
        details.evaluate("element => { element.open = true; }")
    page.evaluate(axe)
    result = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
    )
    barriers = [
        f"{violation['id']}: {violation['help']}: {node['html'][:150]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]
    assert barriers == []
    assert len(result["passes"]) > 10  # it has really looked
