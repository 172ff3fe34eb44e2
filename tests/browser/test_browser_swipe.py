"""Two layers side by side: a divider for mouse, finger and keys, in the address and on paper."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser
MAP = "/maps/kanmon_safety"
PLACE = "#14/33.906/130.84"


def opened(page, server, query=""):
    page.goto(f"{server.address}{MAP}?lang=ja{query}{PLACE}")
    page.locator('html[data-map-tools="ready"]').wait_for(state="attached")
    page.locator('html[data-map-state="idle"]').wait_for(state="attached")
    page.locator("#tools").evaluate("element => { element.open = true; }")
    return page


def choose(page, left, right):
    selects = page.locator("#swipe select")
    selects.nth(0).select_option(left)
    selects.nth(1).select_option(right)


def halves(page):
    """Return the left and the right part of the map as pixels, once both maps are drawn."""
    page.locator('html[data-map-state="idle"]').wait_for(state="attached")
    page.wait_for_timeout(1500)
    page.locator("#map").evaluate("element => element.scrollIntoView()")
    box = page.locator("#map").bounding_box()
    half = box["width"] / 2

    def part(x):
        clip = {"x": x, "y": box["y"] + 60, "width": half - 90, "height": box["height"] - 120}
        return page.screenshot(clip=clip)

    return part(box["x"] + 50), part(box["x"] + half + 30)


def divider(page):
    return page.get_by_role("slider", name="左右の境目")


def test_each_side_shows_its_layer_and_all_is_as_before_when_it_ends(made, device):
    opened(device, made)
    whole = halves(device)
    choose(device, "evacuation_sites", "flood")
    left, right = halves(device)
    assert left != whole[0], "the flood is not on the left"
    assert right != whole[1], "the sites are not on the right"
    assert "swipe=evacuation_sites%2Cflood%2C50" in device.url
    choose(device, "", "")
    assert halves(device) == whole
    assert "swipe" not in device.url
    assert device.locator(".swipe-map").count() == 0


def test_the_divider_follows_keys_and_pointer(made, device):
    opened(device, made, "&swipe=evacuation_sites,flood,30")
    slider = divider(device)
    assert slider.get_attribute("aria-valuenow") == "30"
    slider.focus()
    device.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuenow") == "35"
    device.keyboard.press("End")
    assert slider.get_attribute("aria-valuenow") == "100"
    device.keyboard.press("Home")
    assert "swipe=evacuation_sites%2Cflood%2C0" in device.url
    device.keyboard.press("ArrowRight")
    device.keyboard.press("ArrowRight")
    box, frame = slider.bounding_box(), device.locator("#map").bounding_box()
    y = frame["y"] + frame["height"] / 3
    device.mouse.move(box["x"] + box["width"] / 2, y)
    device.mouse.down()
    device.mouse.move(frame["x"] + frame["width"] * 0.7, y, steps=5)
    device.mouse.up()
    assert 68 <= int(slider.get_attribute("aria-valuenow")) <= 72
    assert "洪水" in slider.get_attribute("aria-valuetext")


def test_what_is_clicked_on_the_right_is_what_is_seen_there(made, device):
    """The flood is hidden in the map below the divider; a click to its right still finds it."""
    opened(device, made, "&swipe=evacuation_sites,flood,2")
    device.wait_for_timeout(1500)
    box = device.locator("canvas.maplibregl-canvas").first.bounding_box()
    found = []
    for x, y in [(0.5, 0.5), (0.4, 0.4), (0.6, 0.6), (0.5, 0.35), (0.65, 0.45), (0.35, 0.6)]:
        device.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        if device.locator("#feature-body").is_visible():
            found.append(device.locator("#feature-layer").inner_text())
    assert found
    assert set(found) <= {"洪水浸水想定区域", "渡船航路", "若戸渡船"}
    assert "洪水浸水想定区域" in found


def test_a_switch_of_the_legend_does_not_bring_the_right_layer_to_the_left(made, device):
    opened(device, made)
    choose(device, "evacuation_sites", "flood")
    before = halves(device)
    box = device.locator('input[data-layer="flood"]')
    box.uncheck()
    box.check()
    assert halves(device) == before


@pytest.mark.parametrize("query", ["&swipe=none,flood,50", "&swipe=flood", "&swipe=flood,flood,5"])
def test_an_address_that_makes_no_sense_shows_the_map_as_it_is(made, device, query):
    opened(device, made, query)
    assert device.locator(".swipe-map").count() == 0


def test_the_second_map_is_there_only_when_it_is_asked_for_and_is_no_barrier(made, device, axe):
    asked = []
    device.on("request", lambda request: asked.append(request.url))
    opened(device, made)
    first = len(asked)
    assert device.locator("canvas.maplibregl-canvas").count() == 1
    choose(device, "evacuation_sites", "flood")
    halves(device)
    assert device.locator("canvas.maplibregl-canvas").count() == 2
    assert len(asked) >= first
    assert axe(device) == []
