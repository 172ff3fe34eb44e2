"""Strength and order of layers: with mouse and keyboard, on a telephone, and in the address."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.browser
MAP = "/maps/kanmon_safety"
PLACE = "#14/33.906/130.84"
USUAL = "flood,ferry_line,wakato_ferry,evacuation_sites"


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


def test_a_layer_is_drawn_more_weakly_and_comes_back(made, device):
    opened(device, made)
    before = seen(device)
    slider = slide(device, "flood", -7)
    assert slider.get_attribute("aria-valuetext") == "30%"
    assert control(device, "flood").locator("output").inner_text() == "30%"
    assert "strength=flood%3A30" in device.url
    assert seen(device) != before
    slide(device, "flood", 7)
    assert "strength" not in device.url
    assert seen(device) == before


def test_the_address_brings_strength_and_order_back(made, device):
    opened(device, made)
    slide(device, "flood", -5)
    control(device, "evacuation_sites").get_by_role("button", name="奥へ").click()
    assert drawn(device) == "flood,ferry_line,evacuation_sites,wakato_ferry"
    there, address = seen(device), device.url
    assert re.search(r"order=flood%2Cferry_line%2Cevacuation_sites", address)
    device.goto("about:blank")
    device.goto(address)
    device.locator('html[data-map-tools="ready"]').wait_for(state="attached")
    assert drawn(device) == "flood,ferry_line,evacuation_sites,wakato_ferry"
    assert control(device, "flood").locator("input").input_value() == "50"
    assert seen(device) == there


def test_what_lies_on_top_hides_what_is_below(made, device):
    """Sites under a flood drawn at full strength look otherwise than above it."""
    opened(device, made)
    above = seen(device)
    for _ in range(3):
        control(device, "flood").get_by_role("button", name="手前へ").click()
    assert drawn(device).split(",")[-1] == "flood"
    assert seen(device) != above


@pytest.mark.parametrize(
    ("language", "back", "said"),
    [
        ("ja", "奥へ", "手前から 2 番目（全 4）"),
        ("en", "Send back", "number 2 of 4 from the front"),
    ],
)
def test_the_keyboard_is_enough_and_each_move_is_announced(made, device, language, back, said):
    opened(device, made, language=language)
    button = control(device, "evacuation_sites").get_by_role("button", name=back)
    button.focus()
    device.keyboard.press("Enter")
    assert said in device.locator("#stack-status").inner_text()
    for _ in range(3):
        device.keyboard.press("Enter")
    assert drawn(device).split(",")[0] == "evacuation_sites"
    assert button.get_attribute("aria-disabled") == "true"
    assert button.evaluate("element => element === document.activeElement")


@pytest.mark.parametrize(
    "query",
    ["&strength=flood:abc,none:50,:,flood&order=none,,%22", "&strength=%3Cb%3E:40&order=%3Cb%3E"],
)
def test_an_address_that_makes_no_sense_changes_nothing(made, device, query):
    opened(device, made, query)
    assert drawn(device) == USUAL
    assert control(device, "flood").locator("input").input_value() == "100"


def test_an_order_of_some_keeps_the_others_above(made, device):
    opened(device, made, "&order=evacuation_sites")
    assert drawn(device) == "evacuation_sites,flood,ferry_line,wakato_ferry"


def test_switches_and_selection_still_work_after_a_move(made, device):
    opened(device, made)
    control(device, "evacuation_sites").get_by_role("button", name="奥へ").click()
    device.locator('input[data-layer="flood"]').uncheck()
    device.locator('html[data-map-state="idle"]').wait_for(state="attached")
    box = device.locator("canvas.maplibregl-canvas").bounding_box()
    device.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert "off=flood" in device.url
    assert "order=" in device.url


def test_without_a_script_there_is_nothing_of_it(made, chromium):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{made.address}{MAP}")
    assert not any(one.is_visible() for one in page.locator("[data-stack]").all())
    context.close()
