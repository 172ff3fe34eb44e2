"""Departures and the staff desk in a real browser: accessible, and without JavaScript."""

from __future__ import annotations

import datetime as dt
import os

import httpx
import pytest
from transit_release import (
    FIRST,
    alert,
    round_the_clock,
    switch,
    today,
    tonari_serve,
    write_release,
)

from tiles_server.desk.accounts import Accounts

pytestmark = pytest.mark.browser
NAME, PASSWORD = "港湾係 田中", "correct horse battery staple"
TOMORROW = (today() + dt.timedelta(days=1)).isoformat()
PUBLIC = {
    "portal": "/",
    "feed": "/gtfs/wakato_ferry/",
    "stops": "/gtfs/wakato_ferry/stops",
    "nothing found": "/gtfs/wakato_ferry/stops?q=nowhere",
    "stop": f"/gtfs/wakato_ferry/stops/TO?at={TOMORROW}T20:50",
    "ended": "/gtfs/wakato_ferry/stops/TO?at=2199-01-01",
    "timetables": "/gtfs/wakato_ferry/timetable.html",
    "timetable": "/gtfs/wakato_ferry/timetable-wakato.html",
    "sign in": "/desk/sign-in",
}
DESK = {
    "feeds": "/desk",
    "feed": "/desk/wakato_ferry",
    "which": "/desk/wakato_ferry/cancel",
    "confirm": f"/desk/wakato_ferry/cancel?date={TOMORROW}&after=20:00",
    "mistyped": "/desk/wakato_ferry/cancel?date=x&after=y",
    "announce": "/desk/wakato_ferry/announce",
    "withdraw": "/desk/wakato_ferry/withdraw/1",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    write_release(data, FIRST, {"wakato_ferry": round_the_clock()})
    switch(data / "releases", FIRST)
    Accounts(data / "alerts").add(NAME, PASSWORD)
    alert(data, "cancel", "wakato_ferry", "--date", TOMORROW, "--after", "20:00", "--before",
          "21:00", "--by", NAME)  # fmt: skip
    with tonari_serve(data) as running:
        yield running


def sign_in(page, address):
    page.goto(f"{address}/desk?lang=ja")
    page.get_by_label("名前").fill(NAME)
    page.get_by_label("パスワード").fill(PASSWORD)
    page.get_by_role("button", name="サインイン").click()
    page.wait_for_url("**/desk*")


@pytest.fixture(scope="module")
def signed_in(server, chromium):
    context = chromium.new_context(locale="ja-JP")
    sign_in(context.new_page(), server.address)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture(params=[(1280, 800), (320, 640)], ids=["desk", "small phone"])
def page(chromium, request, signed_in):
    width, height = request.param
    context = chromium.new_context(
        locale="ja-JP", viewport={"width": width, "height": height}, storage_state=signed_in
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", [*PUBLIC, *(f"desk: {name}" for name in DESK)])
def test_axe_finds_no_barrier_and_nothing_sticks_out(server, page, axe, kind, language, output):
    path = DESK[kind[6:]] if kind.startswith("desk: ") else PUBLIC[kind]
    page.goto(f"{server.address}{path}{'&' if '?' in path else '?'}lang={language}")
    assert axe(page) == []
    if os.environ.get("TONARI_SCREENSHOTS"):
        width = page.viewport_size["width"]
        name = f"transit-{kind.replace(': ', '-').replace(' ', '-')}-{language}-{width}.png"
        page.screenshot(path=output / name, full_page=True)
    # WCAG 1.4.10: at 320 pixels only tables scroll sideways.
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_clerk_on_a_phone_cancels_and_withdraws_without_javascript(server, chromium):
    context = chromium.new_context(
        locale="ja-JP", viewport={"width": 390, "height": 844}, java_script_enabled=False
    )
    page = context.new_page()
    sign_in(page, server.address)
    page.get_by_role("link", name="若戸渡船").click()
    page.get_by_role("link", name="欠航・運休にする").click()
    page.get_by_label("運行日").fill(TOMORROW)
    page.get_by_label("この時刻の便から").fill("22：00")
    page.get_by_label("この時刻の便まで").fill("22時30分")
    page.get_by_label("始発").select_option(label="戸畑渡場")
    page.get_by_role("button", name="便を見る").click()
    page.get_by_label("22:30").uncheck()
    page.get_by_role("button", name="選んだ便を欠航・運休にする").click()
    assert "欠航・運休にしました" in page.get_by_role("status").inner_text()
    asked = (
        f"{server.address}/gtfs/wakato_ferry/stops/TO/departures.json?at={TOMORROW}T22:00&limit=1"
    )
    told = [(d["time"][11:16], d["cancelled"]) for d in httpx.get(asked).json()["departures"]]
    assert told == [("22:00", True), ("22:30", False)]
    page.get_by_role("article").filter(has_text="22:00").get_by_role("link").click()
    page.get_by_role("button", name="取り下げる").click()
    assert "取り下げました" in page.get_by_role("status").inner_text()
    assert [d["cancelled"] for d in httpx.get(asked).json()["departures"]] == [False]
    context.close()


def test_the_cookie_is_kept_by_a_real_browser_and_hidden_from_scripts(server, page):
    page.goto(f"{server.address}/desk/wakato_ferry")
    assert page.url.endswith("/desk/wakato_ferry")
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert cookie["name"].startswith("__Host-")
    assert cookie["sameSite"] == "Strict"


def test_departures_print_without_what_is_no_use_on_paper(server, page, output):
    page.goto(f"{server.address}{PUBLIC['stop']}&lang=ja")
    page.emulate_media(media="print")
    assert page.get_by_text("開発者向け").is_hidden()
    assert page.get_by_text("いまの時刻で見る").is_hidden()
    assert page.get_by_text("20:30").first.is_visible() or page.get_by_text("21:00").is_visible()
