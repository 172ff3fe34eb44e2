"""The base map: drawn under the data when its host answers, and nothing lost when it does not."""

from __future__ import annotations

import struct
import zlib

import pytest
from release_maker import make_release, switch
from serving import serving

pytestmark = pytest.mark.browser
RELEASE = "20261123T160000Z-0000000e"
HOST = "https://cyberjapandata.gsi.go.jp/"
PLACE = "/maps/kanmon_safety#14/33.906/130.84"


def chunk(kind, content):
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def one_colour(red, green, blue):
    """Return a PNG of 256 by 256 pixels."""
    rows = (b"\0" + bytes((red, green, blue)) * 256) * 256
    head = struct.pack(">IIBBBBB", 256, 256, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    (data / "releases").mkdir()
    make_release(data / "releases", RELEASE, base=("gsi/pale", "gsi/photo", "none"))
    switch(data / "releases", RELEASE)
    with serving(data) as running:
        yield running.address


@pytest.fixture
def page(chromium):
    context = chromium.new_context(locale="ja-JP", viewport={"width": 1000, "height": 700})
    yield context.new_page()
    context.close()


def drawn(page):
    page.locator('html[data-map-state="idle"]').wait_for(state="attached")


def answer(page, asked):
    def reply(route):
        asked.append(route.request.url)
        headers = {"Access-Control-Allow-Origin": "*"}
        route.fulfill(body=one_colour(200, 30, 30), content_type="image/png", headers=headers)

    page.route(HOST + "**", reply)


def test_the_chosen_base_is_asked_for_and_credited(server, page):
    asked = []
    answer(page, asked)
    with page.expect_response(lambda response: "/xyz/pale/" in response.url):
        page.goto(server + PLACE)
    drawn(page)
    assert page.get_by_role("link", name="地理院タイル").is_visible()
    assert not any("seamlessphoto" in url for url in asked)
    with page.expect_response(lambda response: "/xyz/seamlessphoto/" in response.url):
        page.get_by_role("radio", name="地理院タイル（写真）").check()
    assert page.locator("#base-note").is_hidden()


def test_a_host_that_refuses_costs_nothing_but_the_base(server, page):
    page.route(HOST + "**", lambda route: route.abort("connectionrefused"))
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(server + PLACE)
    drawn(page)
    page.locator("#base-note").wait_for()
    assert page.locator("#in-view button").count() > 0
    page.get_by_role("radio", name="なし").check()
    assert page.locator("#base-note").is_hidden()
    assert errors == []


def test_a_host_that_never_answers_does_not_hold_the_data_up(server, page):
    held = []
    page.route(HOST + "**", lambda route: held.append(route))  # noqa: PLW0108
    page.goto(server + PLACE)
    drawn(page)
    page.locator("#in-view button").first.wait_for(state="attached")
    box = page.locator("canvas.maplibregl-canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.locator("#feature-body").wait_for()
    for route in held:
        route.abort()
