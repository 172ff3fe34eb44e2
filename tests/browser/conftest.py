"""A real headless Chromium, and the server it looks at."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "tiles_server"))

ARGUMENTS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""WebGL without a graphics card."""


@pytest.fixture(scope="session")
def output():
    folder = Path(__file__).parents[1] / "output"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def chromium():
    from playwright.sync_api import sync_playwright

    path = os.environ.get("TONARI_CHROMIUM") or shutil.which("chromium")
    if not path:
        assert not os.environ.get("CI"), "no Chromium: continuous integration must look at the map"
        pytest.skip("no Chromium: install Debian's package chromium, or set TONARI_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session", autouse=True)
def map_library():
    """See that the map library is in place, as `make setup` does."""
    from tiles_server.vendor import set_up

    return set_up()
