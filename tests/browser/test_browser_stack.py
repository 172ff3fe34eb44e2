"""Strength and order of layers: with mouse and keyboard, on a telephone, and in the address."""

from __future__ import annotations

import re

import pytest
from release_maker import make_release, switch
from serving import serving

pytestmark = pytest.mark.browser
RELEASE = "20261123T160000Z-0000005a"
MAP = "/maps/kanmon_safety"
PLACE = "#14/33.906/130.84"
USUAL = "flood,ferry_line,wakato_ferry,evacuation_sites"
SIZES = [(1280, 800), (390, 844)]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    (data / "releases").mkdir()
    make_release(data / "releases", RELEASE)
    switch(data / "releases", RELEASE)
    with serving(data) as running:
        yield running


@pytest.fixture(params=SIZES, ids=["desk", "phone"])
def page(chromium, request):
    width, height = request.param
    context = chromium.new_context(
        locale="ja-JP", viewport={"width": width, "height": height}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    yield page
    assert page.complaints == []
    context.close()


def opened(page, server, query="", language="ja"):
    page.goto(f"{server.address}{MAP}?lang={language}{query}{PLACE}")
    page.locator('html[data-map-tools="ready"]').wait_for(state="attached")
    page.locator('html[data-map-state="idle"]').wait_for(state="attached")
    return page


def control(page, name):
    found = page.locator(f'[data-stack="{name}"]')
    found.evaluate("element => { element.open = true; }")
    return found


def drawn(page):
    return page.locator("fieldset.legend").first.get_attribute("data-drawn")


def seen(page):
    """Return the map as pixels, once nothing moves any more."""
    page.locator('html[data-map-state="idle"]').wait_for(state="attached")
    page.wait_for_timeout(300)
    return page.locator("canvas.maplibregl-canvas").screenshot()


def slide(page, name, steps):
    slider = control(page, name).locator("input")
    slider.focus()
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowLeft" if steps < 0 else "ArrowRight")
    return slider


def test_a_layer_is_drawn_more_weakly_and_comes_back(server, page):
    opened(page, server)
    before = seen(page)
    slider = slide(page, "flood", -7)
    assert slider.get_attribute("aria-valuetext") == "30%"
    assert control(page, "flood").locator("output").inner_text() == "30%"
    assert "strength=flood%3A30" in page.url
    assert seen(page) != before
    slide(page, "flood", 7)
    assert "strength" not in page.url
    assert seen(page) == before


def test_the_address_brings_strength_and_order_back(server, page):
    opened(page, server)
    slide(page, "flood", -5)
    control(page, "evacuation_sites").get_by_role("button", name="奥へ").click()
    assert drawn(page) == "flood,ferry_line,evacuation_sites,wakato_ferry"
    there, address = seen(page), page.url
    assert re.search(r"order=flood%2Cferry_line%2Cevacuation_sites", address)
    page.goto("about:blank")
    page.goto(address)
    page.locator('html[data-map-tools="ready"]').wait_for(state="attached")
    assert drawn(page) == "flood,ferry_line,evacuation_sites,wakato_ferry"
    assert control(page, "flood").locator("input").input_value() == "50"
    assert seen(page) == there


def test_what_lies_on_top_hides_what_is_below(server, page):
    """Sites under a flood drawn at full strength look otherwise than above it."""
    opened(page, server)
    above = seen(page)
    for _ in range(3):
        control(page, "flood").get_by_role("button", name="手前へ").click()
    assert drawn(page).split(",")[-1] == "flood"
    assert seen(page) != above


@pytest.mark.parametrize(
    ("language", "back", "said"),
    [
        ("ja", "奥へ", "手前から 2 番目（全 4）"),
        ("en", "Send back", "number 2 of 4 from the front"),
    ],
)
def test_the_keyboard_is_enough_and_each_move_is_announced(server, page, language, back, said):
    opened(page, server, language=language)
    button = control(page, "evacuation_sites").get_by_role("button", name=back)
    button.focus()
    page.keyboard.press("Enter")
    assert said in page.locator("#stack-status").inner_text()
    for _ in range(3):
        page.keyboard.press("Enter")
    assert drawn(page).split(",")[0] == "evacuation_sites"
    assert button.get_attribute("aria-disabled") == "true"
    assert button.evaluate("element => element === document.activeElement")


@pytest.mark.parametrize(
    "query",
    ["&strength=flood:abc,none:50,:,flood&order=none,,%22", "&strength=%3Cb%3E:40&order=%3Cb%3E"],
)
def test_an_address_that_makes_no_sense_changes_nothing(server, page, query):
    opened(page, server, query)
    assert drawn(page) == USUAL
    assert control(page, "flood").locator("input").input_value() == "100"


def test_an_order_of_some_keeps_the_others_above(server, page):
    opened(page, server, "&order=evacuation_sites")
    assert drawn(page) == "evacuation_sites,flood,ferry_line,wakato_ferry"


def test_switches_and_selection_still_work_after_a_move(server, page):
    opened(page, server)
    control(page, "evacuation_sites").get_by_role("button", name="奥へ").click()
    page.locator('input[data-layer="flood"]').uncheck()
    page.locator('html[data-map-state="idle"]').wait_for(state="attached")
    box = page.locator("canvas.maplibregl-canvas").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert "off=flood" in page.url
    assert "order=" in page.url


def test_without_a_script_there_is_nothing_of_it(server, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.address}{MAP}")
    assert not any(one.is_visible() for one in page.locator("[data-stack]").all())
    context.close()
