"""The map in a real browser: it shows features, answers to mouse and keyboard, asks nobody else."""

from __future__ import annotations

import pytest
from release_maker import make_release, switch
from serving import serving

pytestmark = pytest.mark.browser
RELEASE = "20261123T160000Z-0000000a"
MAP = "/maps/kanmon_safety"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    (data / "releases").mkdir()
    make_release(data / "releases", RELEASE)
    switch(data / "releases", RELEASE)
    with serving(data) as running:
        yield running


class Visit:
    """One page of one visitor, with everything it asked for and complained about."""

    def __init__(self, browser, **context):
        self.context = browser.new_context(**({"locale": "ja-JP"} | context))
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", self.listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def listen(self, message):
        if message.type in ("error", "warning") and "GPU stall" not in message.text:
            self.complaints.append(message.text)

    def open(self, address):
        self.page.goto(address)
        self.wait_until_drawn()

    def wait_until_drawn(self):
        self.page.locator('html[data-map-state="idle"]').wait_for(state="attached")

    def shown(self, name):
        """Names of the style's layers of one data layer that have features on the screen."""
        return self.page.locator("#in-view button .of", has_text=name).count()


@pytest.fixture
def visit(chromium):
    visits = []

    def start(**context):
        visits.append(Visit(chromium, **context))
        return visits[-1]

    yield start
    for one in visits:
        one.context.close()


def click_middle(visit):
    box = visit.page.locator("canvas.maplibregl-canvas").bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_the_map_draws_features_and_asks_only_its_own_server(server, visit, output):
    reader = visit(viewport={"width": 1280, "height": 800})
    reader.open(server.address + MAP)
    reader.page.screenshot(path=output / "map.png")
    assert any("/tiles/evacuation_sites/" in url for url in reader.asked)
    strangers = [
        url for url in reader.asked if not url.startswith((server.address, "blob:", "data:"))
    ]
    assert strangers == []
    assert reader.complaints == []
    assert reader.page.title().startswith("関門の防災地図")
    assert reader.page.get_by_role("region", name="見本").is_visible()


def test_the_drawn_map_is_not_just_its_background(server, visit):
    reader = visit(viewport={"width": 900, "height": 700})
    reader.open(server.address + MAP)
    colours = reader.page.locator("#map").screenshot()
    for box in reader.page.locator("input[data-layer]").all():
        box.uncheck()
    reader.page.locator('html[data-map-state="empty"]').wait_for(state="attached")
    empty = reader.page.locator("#map").screenshot()
    assert len(colours) > 3 * len(empty)


def test_a_click_shows_the_attributes_under_their_japanese_titles(server, visit, output):
    reader = visit(viewport={"width": 1280, "height": 800})
    reader.open(server.address + MAP + "#15/33.906/130.84")
    click_middle(reader)
    panel = reader.page.get_by_role("region", name="第54小学校")
    panel.wait_for()
    assert panel.locator("dt").all_inner_texts() == ["名称", "種別", "自治体", "収容人数"]
    assert panel.locator("dd").all_inner_texts() == ["第54小学校", "避難場所", "北九州市", "471"]
    reader.page.screenshot(path=output / "map-selected.png")
    reader.page.get_by_role("button", name="閉じる").click()
    assert "ここに内容が出ます" in reader.page.locator("#feature").inner_text()


def test_a_layer_can_be_switched_off_and_on(server, visit):
    reader = visit(viewport={"width": 1280, "height": 800})
    reader.open(server.address + MAP)
    assert reader.shown("指定緊急避難場所") > 0
    switch_box = reader.page.get_by_role("checkbox", name="指定緊急避難場所")
    switch_box.uncheck()
    reader.wait_until_drawn()
    assert reader.shown("指定緊急避難場所") == 0
    assert reader.shown("洪水浸水想定区域") > 0
    switch_box.check()
    reader.wait_until_drawn()
    assert reader.shown("指定緊急避難場所") > 0


def test_everything_can_be_done_with_the_keyboard(server, visit):
    reader = visit(viewport={"width": 1280, "height": 800})
    reader.open(server.address + MAP + "#13/33.906/130.84")
    page = reader.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.get_by_role("checkbox", name="渡船航路").focus()
    page.keyboard.press("Space")
    reader.wait_until_drawn()
    assert reader.shown("渡船航路") == 0
    page.locator("#in-view-count").focus()
    page.keyboard.press("Enter")
    page.locator("#in-view button", has_text="第54小学校").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "feature-title"
    assert page.locator('dd[data-field="capacity"]').inner_text() == "471"
    page.locator("canvas.maplibregl-canvas").focus()
    before = page.url
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: url != before)


def test_the_page_speaks_english_when_asked(server, visit):
    reader = visit(viewport={"width": 1280, "height": 800})
    reader.open(server.address + MAP + "?lang=en#15/33.906/130.84")
    click_middle(reader)
    reader.page.locator("dt", has_text="Capacity").wait_for()
    assert reader.page.get_by_role("checkbox", name="Evacuation sites").is_checked()
    assert reader.page.locator("html").get_attribute("lang") == "en"


def test_a_phone_shows_what_was_tapped_without_scrolling(server, visit, output):
    reader = visit(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2)
    reader.open(server.address + MAP + "#15/33.906/130.84")
    box = reader.page.locator("canvas.maplibregl-canvas").bounding_box()
    reader.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    title = reader.page.get_by_role("heading", name="第54小学校")
    title.wait_for()
    assert 0 <= title.bounding_box()["y"] < 844
    width = reader.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390  # nothing sticks out sideways
    reader.page.screenshot(path=output / "map-phone.png")


def test_without_javascript_the_content_is_reachable_as_tables(server, visit):
    reader = visit(java_script_enabled=False)
    reader.page.goto(server.address + MAP)
    reader.page.get_by_role("link", name="指定緊急避難場所").click()
    assert reader.page.get_by_role("cell", name="第1小学校", exact=True).is_visible()
