"""Who may show a map, and the HTML that the share page makes."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles_server.embedding import VIEW, may_frame

MAP = "/maps/kanmon_safety"
ALLOWED = "https://www.city.example.lg.jp"


@pytest.mark.parametrize(
    ("entry", "site", "may"),
    [
        ("https://a.example", "https://a.example", True),
        ("https://a.example", "https://A.Example", True),
        ("https://a.example", "http://a.example", False),
        ("http://a.example", "https://a.example", True),
        ("https://a.example", "https://a.example:8443", False),
        ("https://a.example:8443", "https://a.example:8443", True),
        ("http://a.example:80", "https://a.example", True),
        ("https://*.example", "https://www.a.example", True),
        ("https://*.a.example", "https://a.example", False),
        ("https://*.a.example", "https://evila.example", False),
        ("https://a.example", "https://a.example.evil.net", False),
    ],
)
def test_sites_are_named_as_browsers_understand_it(entry, site, may):
    """Content Security Policy Level 3, 6.7.2.8."""
    assert may_frame(site, ["https://nobody.example", entry]) is may


def framed(client, site, **headers):
    return client.get(
        f"{MAP}/embed", headers={"Sec-Fetch-Dest": "iframe", "Referer": f"{site}/x"} | headers
    )


def test_the_map_comes_to_a_site_it_names_and_words_to_any_other(client):
    assert 'id="map"' in framed(client, ALLOWED).text
    refused = framed(client, "https://other.example")
    assert refused.status_code == 403
    assert 'id="map"' not in refused.text
    assert "https://other.example" in refused.text
    assert refused.headers["content-security-policy"].endswith("frame-ancestors *")
    assert "x-frame-options" not in refused.headers
    assert {"Referer", "Sec-Fetch-Dest"} <= {
        name.strip() for name in refused.headers["vary"].split(",")
    }


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Dest": "document"}, {"Sec-Fetch-Dest": ""}, {"Referer": ""},
        {"Referer": "https://[x"}, {"Referer": "about:blank"}, {"Referer": "https://a:99999/"},
    ],
)  # fmt: skip
def test_whoever_is_no_frame_or_does_not_say_whose_gets_the_map_and_its_policy(client, headers):
    answer = framed(client, "https://other.example", **headers)
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].endswith(f"frame-ancestors 'self' {ALLOWED}")


def test_a_name_from_outside_is_written_as_text(client):
    answer = framed(client, "https://<script>alert(1)")
    assert "<script>alert" not in answer.text


def snippet(client, query):
    page = client.get(f"{MAP}/share?{query}").text
    text = page.split("<textarea", 1)[1].split(">", 1)[1].split("</textarea>")[0]
    return ElementTree.fromstring(f"<x>{text}</x>").text


def frame_of(html):
    return ElementTree.fromstring(html.replace(" allowfullscreen", ""))


def test_the_snippet_says_what_was_chosen(client):
    html = snippet(client, "kind=iframe&show-flood=on&height=600&show_in=en&view=12/33.9/130.8")
    frame = frame_of(html)
    address = urlsplit(frame.attrib["src"])
    asked = parse_qs(address.query)
    assert set(asked["off"][0].split(",")) == {"ferry_line", "evacuation_sites", "wakato_ferry"}
    assert (asked["lang"], address.fragment) == (["en"], "12/33.9/130.8")
    assert (frame.attrib["height"], frame.attrib["title"]) == ("600", "関門の防災地図")
    assert client.get(frame.attrib["src"]).status_code == 200


def test_untouched_it_is_the_map_as_it_is(client):
    frame = frame_of(snippet(client, ""))
    assert urlsplit(frame.attrib["src"]).query == ""


@pytest.mark.parametrize(
    "query",
    ["show-x=on", "x=1", "height=1", "height=99999", "height=a", "kind=x", "view=here", "base=x",
     "show_in=fr", "size=x", "view=12/33.9/130.8%22%20onload="],
)  # fmt: skip
def test_what_the_form_does_not_offer_is_refused(client, query):
    assert client.get(f"{MAP}/share?{query}").status_code == 400


@given(st.floats(0, 22), st.floats(-85, 85), st.floats(-180, 180))
def test_every_view_of_a_map_can_be_given(zoom, latitude, longitude):
    assert VIEW.fullmatch(f"{zoom:.2f}/{latitude:.5f}/{longitude:.5f}")


def test_the_script_of_the_element_may_be_loaded_by_any_site(client):
    answer = client.get("/static/1/tonari-map.js")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "access-control-allow-origin" not in client.get("/static/1/map.js").headers


@pytest.mark.parametrize("name", ["off=flood", "hide=flood:0", "only=flood:a:b", "base=none"])
@pytest.mark.parametrize("page", [MAP, f"{MAP}/embed"])
def test_addresses_that_the_page_itself_writes_are_understood(client, page, name):
    assert client.get(f"{page}?{name}").status_code == 200
