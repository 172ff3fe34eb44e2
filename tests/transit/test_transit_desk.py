"""The staff desk, attacked and used: real server, several workers, no browser."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
import stat
import threading
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from transit_release import (
    FIRST,
    SECOND,
    alert,
    round_the_clock,
    switch,
    today,
    tonari_serve,
    write_release,
)

from tiles_server.desk.accounts import Accounts

NAME, PASSWORD = "港湾係 田中", "correct horse battery staple"
OTHER, OTHERS_PASSWORD = "港湾係 佐藤", "another four long words"
COOKIE = "__Host-tonari_desk"
FEED = "/desk/wakato_ferry"
TOMORROW = (today() + dt.timedelta(days=1)).isoformat()


class Clerk:
    """A browser of a clerk: it keeps the cookie and fills in the hidden fields of a form.

    httpx does not send Secure cookies over plain HTTP, as browsers do to their own machine. Each
    request has a connection of its own, so that any worker may answer.
    """

    def __init__(self, address, place="127.0.0.1"):
        self.address, self.place = address, place
        self.cookie = None

    def send(self, method, path, **options):
        headers = {"Cookie": f"{COOKIE}={self.cookie}"} if self.cookie else {}
        headers |= options.pop("headers", {}) | {"X-Forwarded-For": self.place}
        address = httpx.URL(self.address).join(path)
        answer = httpx.request(method, address, headers=headers, **{"timeout": 30} | options)
        for line in answer.headers.get_list("set-cookie"):
            self.cookie = re.match(rf"{COOKIE}=([^;]*)", line)[1] or None
        return answer

    def get(self, path, **query):
        return self.send("GET", path, params=query or None)

    def post(self, path, page=None, **fields):
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.get(page or path).text)
        return self.send("POST", path, data=fields | {"csrf": csrf[1] if csrf else ""})

    def sign_in(self, name=NAME, password=PASSWORD):
        return self.post("/desk/sign-in", name=name, password=password)

    def cancel(self, trips, **fields):
        known = {"date": TOMORROW, "cause": "WEATHER"} | fields
        return self.post(f"{FEED}/cancel", trips=trips, **known)


@pytest.fixture
def place(tmp_path):
    write_release(tmp_path, FIRST, {"wakato_ferry": round_the_clock()})
    switch(tmp_path / "releases", FIRST)
    for name, password in ((NAME, PASSWORD), (OTHER, OTHERS_PASSWORD)):
        Accounts(tmp_path / "alerts").add(name, password)
    return tmp_path


@pytest.fixture
def desk(place):
    with tonari_serve(place, "--behind-proxy") as server:
        yield server.address
        assert "Traceback" not in server.errors(), server.errors()[-3000:]
        for secret in (PASSWORD, OTHERS_PASSWORD, "wrong guess"):
            assert secret not in server.errors()


@pytest.fixture
def clerk(desk):
    clerk = Clerk(desk)
    assert clerk.sign_in().status_code == 303
    return clerk


def trips_told(address):
    entities = httpx.get(f"{address}/gtfs/wakato_ferry/alerts.json").json().get("entity", [])
    return {e["trip_update"]["trip"]["trip_id"] for e in entities if "trip_update" in e}


def test_without_an_account_there_is_no_desk(data, server):
    for path in ("/desk", "/desk/sign-in", FEED, f"{FEED}/cancel"):
        answer = httpx.get(server.address + path)
        assert answer.status_code == 404
        assert "set-cookie" not in answer.headers
    assert httpx.post(server.address + "/desk/sign-in").status_code == 404


def test_the_first_account_opens_it_and_the_last_that_goes_closes_it(place):
    with tonari_serve(place) as server:
        assert httpx.get(f"{server.address}/desk/sign-in").status_code == 200
        for name in (NAME, OTHER):
            alert(place, "user", "remove", name)
        assert httpx.get(f"{server.address}/desk/sign-in").status_code == 404


def test_a_clerk_cancels_and_everybody_knows_by_whose_hand(clerk, desk, place):
    listed = clerk.get(f"{FEED}/cancel", date=TOMORROW, after="20:00", before="21:00", lang="ja")
    offered = re.findall(r'name="trips" value="([^"]+)"', listed.text)
    assert len(offered) == 6  # the one at 21:00 is included
    done = clerk.cancel(offered)
    assert done.status_code == 303  # a reload does not send it again
    assert trips_told(desk) == set(offered)
    page = clerk.get(done.headers["location"]).text
    assert NAME in page
    (act,) = alert(place, "list", "wakato_ferry", "--history")["history"]
    assert (act["who"], act["act"]) == (NAME, "created")
    number = parse_qs(urlsplit(done.headers["location"]).query)["number"][0]
    assert clerk.post(f"{FEED}/withdraw/{number}").status_code == 303
    assert trips_told(desk) == set()


def test_a_change_is_announced_and_shown_to_passengers(clerk, desk):
    done = clerk.post(
        f"{FEED}/announce",
        header="若松渡場は仮桟橋です <b>",
        header_en="A temporary pier",
        effect="STOP_MOVED",
        end_date=TOMORROW,
        url="https://www.city.kitakyushu.lg.jp/",
    )
    assert done.status_code == 303
    page = httpx.get(f"{desk}/gtfs/wakato_ferry/?lang=ja").text
    assert "若松渡場は仮桟橋です &lt;b&gt;" in page
    assert "A temporary pier" in httpx.get(f"{desk}/gtfs/wakato_ferry/?lang=en").text


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"header": ""}, "見出しを日本語で"),
        ({"end_date": ""}, "日付と時刻を"),
        ({"end_date": "2020-01-01"}, "いまより前"),
        ({"end_date": "9999-12-31", "end_time": ""}, "日付と時刻を"),
        ({"url": "javascript:alert(1)"}, "https:// か http://"),
        ({"effect": "NO_SUCH"}, None),
    ],
)
def test_what_is_wrong_with_an_announcement_is_said_beside_the_field(clerk, place, wrong, said):
    fields = {"header": "お知らせ", "end_date": TOMORROW, "effect": "DETOUR"} | wrong
    answer = clerk.post(f"{FEED}/announce", **fields)
    assert answer.status_code == 422
    assert said is None or said in answer.text
    assert alert(place, "list", "wakato_ferry", "--history") == {"history": []}


def test_every_address_but_signing_in_asks_who_it_is(desk):
    stranger = Clerk(desk)
    for path in ("/desk", FEED, f"{FEED}/cancel", f"{FEED}/announce", f"{FEED}/withdraw/1"):
        for method in ("GET", "POST") if "/" in path[6:] else ("GET",):
            answer = stranger.send(method, path)
            assert answer.status_code == 303, (method, path)
            assert urlsplit(answer.headers["location"]).path == "/desk/sign-in"


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(desk):
    wrong = Clerk(desk).sign_in(password="wrong guess of a password")
    unknown = Clerk(desk).sign_in(name="nobody", password=PASSWORD)
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.replace(NAME, "").count("\n") == unknown.text.count("\n")
    assert "ちがいます" in wrong.text
    assert "ちがいます" in unknown.text


def test_no_password_gets_into_an_address(desk):
    clerk = Clerk(desk)
    for answer in (
        clerk.send("POST", "/desk/sign-in", data={"name": NAME, "password": PASSWORD}),
        clerk.send("POST", f"{FEED}/announce", data={"password": PASSWORD, "header": "x"}),
        clerk.sign_in(),
    ):
        assert "password" not in answer.headers.get("location", "")
        assert "horse" not in answer.headers.get("location", "")


def test_the_cookie_cannot_be_read_sent_along_or_kept_for_ever(desk):
    clerk = Clerk(desk)
    answer = clerk.sign_in()
    (line,) = answer.headers.get_list("set-cookie")
    attributes = {part.strip().split("=")[0].lower() for part in line.split(";")[1:]}
    assert {"secure", "httponly", "path", "expires"} <= attributes
    assert "domain" not in attributes
    assert "SameSite=Strict" in line
    assert "Path=/" in line


def test_pages_of_the_desk_are_kept_and_framed_by_nobody(clerk):
    for path in ("/desk", FEED, f"{FEED}/cancel", "/desk/sign-in", "/desk/nothing/at/all"):
        headers = clerk.get(path).headers
        assert headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
    policy = clerk.get(FEED).headers["content-security-policy"]
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


def test_public_pages_neither_read_nor_set_the_cookie(clerk):
    for path in ("/", "/gtfs/wakato_ferry/", "/gtfs/wakato_ferry/alerts.pb"):
        answer = clerk.get(path)
        assert "set-cookie" not in answer.headers
        assert "cookie" not in answer.headers.get("vary", "").lower()


def test_a_form_from_elsewhere_does_nothing(clerk, desk):
    fields = {"date": TOMORROW, "trips": "t_0_2000"}
    for csrf in ({}, {"csrf": ""}, {"csrf": "forged"}, {"csrf": "偽"}):
        assert clerk.send("POST", f"{FEED}/cancel", data=fields | csrf).status_code == 403
    csrf = re.search(r'name="csrf" value="([^"]+)"', clerk.get(FEED).text)[1]
    cross = {"Sec-Fetch-Site": "cross-site"}
    answer = clerk.send("POST", f"{FEED}/cancel", data=fields | {"csrf": csrf}, headers=cross)
    assert answer.status_code == 403
    assert clerk.send("POST", "/desk/sign-out", headers=cross).status_code == 403
    assert trips_told(desk) == set()


def test_the_token_of_a_form_before_signing_in_is_worth_nothing_after(desk):
    clerk = Clerk(desk)
    before = re.search(r'name="csrf" value="([^"]+)"', clerk.get("/desk/sign-in").text)[1]
    clerk.sign_in()
    fields = {"date": TOMORROW, "trips": "t_0_2000", "csrf": before}
    assert clerk.send("POST", f"{FEED}/cancel", data=fields).status_code == 403


def test_a_forged_or_altered_cookie_is_nobodys(clerk, desk):
    payload, moment, signature = clerk.cookie.rsplit(".", 2)
    for forged in ("x", f"{payload}.{moment}.x", f"A{payload}.{moment}.{signature}", "...."):
        thief = Clerk(desk)
        thief.cookie = forged
        assert thief.get(FEED).status_code == 303


def test_a_copy_of_the_cookie_dies_with_signing_out(clerk, desk):
    thief = Clerk(desk)
    thief.cookie = clerk.cookie
    assert thief.get(FEED).status_code == 200
    assert clerk.post("/desk/sign-out", page=FEED).status_code == 303
    for _ in range(4):  # whichever worker answers
        assert Clerk.send(thief, "GET", FEED).status_code == 303


@pytest.mark.parametrize("field", ["since", "seen"])
def test_a_session_that_is_too_old_is_over_but_a_form_comes_back(clerk, desk, place, field):
    with closing(sqlite3.connect(place / "alerts/sign-in.sqlite")) as database, database:
        database.execute(f"UPDATE session SET {field} = {field} - 13 * 3600")
    fields = {"date": TOMORROW, "after": "20:00", "trips": ["t_0_2000"], "csrf": "old"}
    answer = clerk.send("POST", f"{FEED}/cancel", data=fields)
    assert answer.status_code == 303
    assert trips_told(desk) == set()
    again = clerk.post(answer.headers["location"], name=NAME, password=PASSWORD)
    back = urlsplit(again.headers["location"])
    assert back.path == f"{FEED}/cancel"
    assert parse_qs(back.query) == {"date": [TOMORROW], "after": ["20:00"]}


@pytest.mark.parametrize("how", ["remove", "replace"])
def test_who_is_removed_or_gets_a_new_password_is_signed_out_at_once(clerk, place, how):
    assert clerk.get(FEED).status_code == 200
    if how == "remove":
        alert(place, "user", "remove", NAME)
    else:
        alert(place, "user", "add", NAME, "--stdin", "--replace", stdin="a new long password 1\n")
    assert [clerk.get(FEED).status_code for _ in range(4)] == [303] * 4


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/desk", "/\\evil.example", "/desk\\@evil.example",
     "/deskevil", "/", "javascript:alert(1)", "/desk\r\nX: y"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(desk, target):
    clerk = Clerk(desk)
    page = clerk.get("/desk/sign-in", next=target)
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
    fields = {"name": NAME, "password": PASSWORD, "csrf": csrf}
    answer = clerk.send("POST", "/desk/sign-in", params={"next": target}, data=fields)
    assert urlsplit(answer.headers["location"])[:3] == ("", "", "/desk")


def test_guessing_is_stopped_across_workers_and_the_right_password_waits_too(desk):
    answers = [Clerk(desk).sign_in(password=f"wrong guess number {i}") for i in range(7)]
    assert [answer.status_code for answer in answers] == [403] * 5 + [429] * 2
    refused = Clerk(desk).sign_in()
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 15 * 60 + 1
    # The clerk at the pier, elsewhere in the network, is not locked out by it.
    assert Clerk(desk, "192.0.2.7").sign_in().status_code == 303


def test_guessing_many_names_from_one_place_is_stopped(desk):
    codes = [
        Clerk(desk, "192.0.2.9").sign_in(name=f"name {i}", password="wrong guess").status_code
        for i in range(22)
    ]
    assert codes == [403] * 20 + [429] * 2


def test_guesses_at_the_same_moment_are_not_more_guesses(desk):
    clerks = [Clerk(desk, "192.0.2.11") for _ in range(12)]
    codes = []

    def guess(clerk):
        codes.append(clerk.sign_in(password="wrong guess at once").status_code)

    threads = [threading.Thread(target=guess, args=(clerk,)) for clerk in clerks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [403] * 5 + [429] * 7


def test_two_clerks_who_cancel_the_same_announce_once(clerk, desk, place):
    second = Clerk(desk, "192.0.2.20")
    second.sign_in(OTHER, OTHERS_PASSWORD)
    codes = []

    def press(someone):
        codes.append(someone.cancel(["t_0_2000", "t_0_2030"], lang="ja").status_code)

    threads = [threading.Thread(target=press, args=(someone,)) for someone in (clerk, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [303, 409]
    assert len(alert(place, "list", "wakato_ferry")["alerts"]) == 1
    told = second.cancel(["t_0_2000"])
    assert told.status_code == 409
    assert "すでに出ています" in told.text


def test_what_is_withdrawn_twice_is_said(clerk):
    clerk.cancel(["t_0_2000"])
    assert clerk.post(f"{FEED}/withdraw/1").status_code == 303
    again = clerk.post(f"{FEED}/withdraw/1", page=FEED)
    assert again.status_code == 409
    assert "すでに取り下げられた" in again.text
    assert clerk.get(f"{FEED}/withdraw/99").status_code == 404


def test_an_unknown_trip_is_refused_and_nothing_is_published(clerk, desk):
    for trips in (["t_0_2000", "no_such_trip"], ["<script>"], []):
        answer = clerk.cancel(trips)
        assert answer.status_code in (409, 422)
        assert "<script>" not in answer.text
    assert trips_told(desk) == set()


def test_a_timetable_that_changes_between_looking_and_pressing_is_shown_again(clerk, desk, place):
    offered = re.findall(
        r'name="trips" value="([^"]+)"', clerk.get(f"{FEED}/cancel", date=TOMORROW).text
    )
    write_release(place, SECOND, {"wakato_ferry": round_the_clock(prefix="n", every_minutes=60)})
    switch(place / "releases", SECOND)
    httpx.get(f"{desk}/healthz")
    answer = clerk.cancel(offered, lang="ja")
    while "n_0_2000" not in answer.text:  # a worker looks at the link every 0.2 seconds
        answer = clerk.cancel(offered, lang="ja")
    assert answer.status_code == 409
    assert trips_told(desk) == set()


def test_a_store_that_somebody_keeps_locked_is_said(clerk, place):
    clerk.cancel(["t_0_2000"])
    with closing(sqlite3.connect(place / "alerts/alerts.sqlite", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        answer = clerk.send(
            "POST",
            f"{FEED}/cancel",
            data={
                "date": TOMORROW,
                "trips": ["t_0_2030"],
                "csrf": re.search(r'name="csrf" value="([^"]+)"', clerk.get(FEED).text)[1],
            },
        )
        writer.execute("ROLLBACK")
    assert answer.status_code == 409
    assert "ほかの人の書き込みを待ちました" in answer.text


def test_a_feed_that_is_withdrawn_has_no_desk_any_more(clerk):
    assert clerk.get("/desk/kokura").status_code == 404
    assert clerk.get("/desk/kokura/cancel").status_code == 404


def test_a_form_of_a_megabyte_is_not_read(clerk):
    answer = clerk.send("POST", f"{FEED}/announce", data={"header": "x" * 1_000_000})
    assert answer.status_code == 413


def test_what_is_secret_is_readable_by_nobody_else(clerk, place):
    for file in ("accounts.json", "secret.key", "sign-in.sqlite"):
        mode = stat.S_IMODE((place / "alerts" / file).stat().st_mode)
        assert mode == 0o600, file
    content = (place / "alerts/accounts.json").read_text("utf-8")
    assert "scrypt:" in content
    assert PASSWORD not in content
    assert clerk.cookie.encode() not in (place / "alerts/sign-in.sqlite").read_bytes()


def test_accounts_that_others_could_read_close_the_desk_and_nothing_else(clerk, desk, place):
    (place / "alerts/accounts.json").chmod(0o644)
    assert clerk.get(FEED).status_code == 503
    assert httpx.get(f"{desk}/gtfs/wakato_ferry/").status_code == 200


def test_behind_a_stated_address_the_desk_has_its_prefix_and_knows_who_asks(place):
    options = ("--public-url", "https://data.example.lg.jp/open", "--behind-proxy")
    with tonari_serve(place, *options) as server:
        for _ in range(6):  # somebody else guesses
            Clerk(server.address, "192.0.2.66").sign_in(password="wrong guess of a password")
        clerk = Clerk(server.address, "192.0.2.67")
        sent = clerk.get(FEED).headers["location"]
        assert urlsplit(sent).path == "/open/desk/sign-in"
        target = parse_qs(urlsplit(sent).query)["next"][0]
        page = clerk.get("/desk/sign-in", next=target)
        assert 'action="/open/desk/sign-in' in page.text
        csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
        fields = {"name": NAME, "password": PASSWORD, "csrf": csrf}
        answer = clerk.send("POST", "/desk/sign-in", params={"next": target}, data=fields)
        assert answer.headers["location"] == f"/open{FEED}"
        assert clerk.get(FEED).status_code == 200
