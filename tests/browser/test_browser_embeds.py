"""A map in the page of another site: shown, refused in words, sized, and talked with."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect
from release_maker import make_release, switch
from serving import free_port, serving

pytestmark = pytest.mark.browser
RELEASE = "20261123T160000Z-0000000a"
MAP = "/maps/kanmon_safety"
VIEW = "#15/33.906/130.84"
HEARD = "window.heard.filter(one => one.type === '{type}').at(-1)?.detail"


@pytest.fixture(scope="module")
def allowed_port():
    return free_port()


@pytest.fixture(scope="module")
def server(tmp_path_factory, allowed_port):
    data = tmp_path_factory.mktemp("data")
    (data / "releases").mkdir()
    make_release(data / "releases", RELEASE, allow=(f"http://localhost:{allowed_port}",))
    switch(data / "releases", RELEASE)
    with serving(data) as running:
        yield running


class Host:
    """A page of other sites, at the address that the map allows and at one that it does not."""

    def __init__(self, allowed_port):
        host = self
        self.body = ""

        class Page(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(f"<!doctype html><title>host</title>{host.body}".encode())

            def log_message(self, *_):
                pass

        self.servers = [ThreadingHTTPServer(("localhost", p), Page) for p in (allowed_port, 0)]
        for one in self.servers:
            threading.Thread(target=one.serve_forever, daemon=True).start()
        self.allowed, self.other = (
            f"http://localhost:{one.server_address[1]}/" for one in self.servers
        )

    def stop(self):
        for one in self.servers:
            one.shutdown()
            one.server_close()


@pytest.fixture(scope="module")
def host(allowed_port):
    found = Host(allowed_port)
    yield found
    found.stop()


@pytest.fixture
def page(chromium):
    context = chromium.new_context(locale="ja-JP", viewport={"width": 900, "height": 700})
    yield context.new_page()
    context.close()


@pytest.fixture
def snippet(server, page):
    """``snippet("kind=element")``: the HTML that the share page makes."""

    def make(query=""):
        page.goto(f"{server.address}{MAP}/share?{query}")
        return page.locator("#snippet").input_value()

    return make


LISTENING = """
<script>
window.heard = [];
for (const type of ["ready", "move", "select"])
  document.querySelector("tonari-map").addEventListener(type, (event) =>
    window.heard.push({type, detail: event.detail}));
</script>"""


def drawn(frame):
    frame.locator('html[data-map-state="idle"]').wait_for(state="attached")
    return frame


def test_a_frame_as_the_share_page_makes_it_shows_what_was_chosen(host, page, snippet, output):
    query = f"show-evacuation_sites=on&size=fixed&height=420&kind=iframe&view={VIEW[1:]}"
    host.body = snippet(query)
    page.goto(host.allowed)
    frame = drawn(page.frame_locator("iframe"))
    assert frame.get_by_role("checkbox", name="指定緊急避難場所").is_checked()
    assert not frame.locator('input[data-layer="flood"]').is_checked()
    assert frame.get_by_role("region", name="見本").is_visible()
    assert page.locator("iframe").bounding_box()["height"] == pytest.approx(420, abs=6)
    page.screenshot(path=output / "embed.png")


def test_a_site_that_is_not_named_is_told_so_and_led_to_the_map(host, page, snippet, output):
    host.body = snippet()
    page.goto(host.other)
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading", name="このサイトでは地図を表示できません").wait_for()
    assert host.other.rstrip("/") in frame.locator("main").inner_text()
    assert (
        frame.get_by_role("link", name="地図を新しい画面で開く").get_attribute("target") == "_blank"
    )
    assert frame.locator("#map").count() == 0
    page.screenshot(path=output / "embed-refused.png")


def test_the_browser_keeps_out_whoever_hides_its_name(host, page, server):
    """Without Referer the server cannot explain; frame-ancestors holds all the same."""
    address = f"{server.address}{MAP}/embed"
    host.body = f"<iframe title=map referrerpolicy=no-referrer src='{address}'></iframe>"
    with page.expect_console_message(lambda message: "frame-ancestors" in message.text):
        page.goto(host.other)
    assert page.frame_locator("iframe").locator("#map").count() == 0


def test_the_element_talks_with_the_page_around_it(host, page, snippet):
    host.body = snippet(f"kind=element&size=fluid&show-evacuation_sites=on&view={VIEW[1:]}")
    host.body += LISTENING
    page.goto(host.allowed)
    frame = drawn(page.frame_locator("iframe"))
    page.wait_for_function(HEARD.format(type="ready"))
    box = page.locator("iframe").bounding_box()
    assert box["height"] >= 320
    assert box["width"] == pytest.approx(page.locator("tonari-map").bounding_box()["width"], abs=1)

    page.evaluate("document.querySelector('tonari-map').view({center: [130.86, 33.91], zoom: 13})")
    page.wait_for_function(f"({HEARD.format(type='move')})?.zoom === 13")
    moved = page.evaluate(HEARD.format(type="move"))
    assert moved["center"] == pytest.approx([130.86, 33.91], abs=1e-6)
    west, south, east, north = moved["bounds"]
    assert west < 130.86 < east and south < 33.91 < north

    page.evaluate("document.querySelector('tonari-map').view({center: [130.84, 33.906], zoom: 15})")
    page.wait_for_function(f"({HEARD.format(type='move')})?.zoom === 15")
    drawn(frame).locator("canvas.maplibregl-canvas").click()
    page.wait_for_function(HEARD.format(type="select"))
    chosen = page.evaluate(HEARD.format(type="select"))
    assert chosen["layer"] == "evacuation_sites"
    assert chosen["properties"]["name"]


def test_the_element_and_the_map_overhear_nobody_else(host, page, snippet):
    host.body = snippet(f"kind=element&show-evacuation_sites=on&view={VIEW[1:]}") + LISTENING
    page.goto(host.allowed)
    drawn(page.frame_locator("iframe"))
    page.wait_for_function(HEARD.format(type="ready"))
    page.evaluate("window.postMessage({tonari: 1, type: 'select', feature: {layer: 'x'}}, '*')")
    inside = "document.querySelector('tonari-map').frame.contentWindow"
    strange = (
        "tonari: 2, type: 'view', center: [0, 0]",
        "tonari: 1, type: 'view', center: [999, 'x']",
    )
    for words in strange:
        page.evaluate(f"{inside}.postMessage({{{words}}}, '*')")
    page.wait_for_timeout(300)
    assert page.evaluate(HEARD.format(type="select")) is None
    latest = f"({HEARD.format(type='move')} ?? {HEARD.format(type='ready')})"
    assert page.evaluate(latest)["center"] == pytest.approx([130.84, 33.906], abs=1e-3)


def test_the_first_view_follows_the_preview(page, server, output):
    page.goto(f"{server.address}{MAP}/share?lang=en")
    page.locator("#preview").scroll_into_view_if_needed()
    drawn(page.frame_locator("#preview"))
    page.frame_locator("#preview").locator(".maplibregl-ctrl-zoom-in").click()
    expect(page.locator("#share-view")).not_to_have_value("", timeout=60_000)
    page.get_by_role("button", name="Make").click()
    zoom = page.locator("#share-view").input_value().split("/")[0]
    assert f"#{zoom}/" in page.locator("#snippet").input_value()
    page.screenshot(path=output / "share.png", full_page=True)


def test_without_javascript_the_form_makes_the_html_all_the_same(chromium, server):
    context = chromium.new_context(locale="ja-JP", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.address}{MAP}/share")
    page.get_by_role("checkbox", name="浸水想定区域").uncheck()
    page.get_by_role("button", name="つくる").click()
    assert "off=flood" in page.locator("#snippet").input_value()
    context.close()


def test_a_shared_address_opens_the_map_as_it_was(page, server):
    page.goto(f"{server.address}{MAP}{VIEW}")
    drawn(page)
    page.locator('input[data-layer="flood"]').uncheck()
    page.wait_for_function("location.search.includes('off=flood')")
    answer = page.reload()
    assert answer.status == 200
    drawn(page)
    assert not page.locator('input[data-layer="flood"]').is_checked()
