"""A real headless Chromium, and the server it looks at."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tiles_server"))
sys.path.insert(0, str(Path(__file__).parents[1] / "transit"))

ARGUMENTS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""WebGL without a graphics card."""
ROOT = Path(__file__).parents[2]
PATIENCE = 240_000
"""Milliseconds anything may take: a busy machine is no fault of a page."""
MADE = "20261123T160000Z-0000005a"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="session")
def output():
    folder = Path(__file__).parents[1] / "output"
    folder.mkdir(exist_ok=True)
    return folder


def unhurried(browser):
    """Let every context of `browser` wait as long as a busy machine needs."""
    opened = browser.new_context

    def new_context(**options):
        context = opened(**options)
        context.set_default_timeout(PATIENCE)
        return context

    browser.new_context = new_context
    return browser


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    path = os.environ.get("TONARI_CHROMIUM") or shutil.which("chromium")
    if not path:
        assert not os.environ.get("CI"), "no Chromium: continuous integration must look at the map"
        pytest.skip("no Chromium: install Debian's package chromium, or set TONARI_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=list(ARGUMENTS), timeout=PATIENCE
        )
        yield unhurried(browser)
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def map_library():
    """See that the map library is in place, as `make setup` does."""
    from tiles_server.vendor import set_up

    return set_up()


@pytest.fixture(scope="session")
def axe(tmp_path_factory):
    """Fetch axe-core at its locked version; return what lists the barriers of a page."""
    from tiles_server.vendor import DECLARATION, npm_command

    work = tmp_path_factory.mktemp("axe")
    for name in DECLARATION:
        shutil.copyfile(ROOT / name, work / name)
    command = [*npm_command(), "ci", "--ignore-scripts", "--loglevel=error"]
    subprocess.run(command, cwd=work, check=True, capture_output=True)
    script = (work / "node_modules/axe-core/axe.min.js").read_text("utf-8")

    def barriers(page):
        page.evaluate(script)
        result = page.evaluate(
            "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}})", RULES
        )
        assert len(result["passes"]) > 10  # it has really looked
        return [
            f"{violation['id']}: {violation['help']}: {node['html'][:150]}"
            for violation in result["violations"]
            for node in violation["nodes"]
        ]

    return barriers


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Serve one release that is made here (tests/tiles_server/release_maker.py)."""
    from release_maker import make_release, switch
    from serving import serving

    data = tmp_path_factory.mktemp("data")
    (data / "releases").mkdir()
    make_release(data / "releases", MADE)
    switch(data / "releases", MADE)
    with serving(data) as running:
        yield running


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["desk", "phone"])
def device(chromium, request):
    """Open a page on a desk and on a telephone; an error of a script fails the test."""
    width, height = request.param
    context = chromium.new_context(
        locale="ja-JP", viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    page = context.new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []
    context.close()
