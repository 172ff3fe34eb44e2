"""Fetching: polite, bounded, and only where the declaration allows."""

import datetime as dt
import gzip
import hashlib
import ipaddress
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from other_end import (
    bomb,
    busy,
    drip,
    drip_body,
    endless,
    other_end,
    promising_more,
    redirect,
    whole,
)  # fmt: skip

from pipeline.config.neighbours import FileNeighbour
from pipeline.errors import FetchError
from pipeline.federation.fetch import Fetcher
from pipeline.federation.guard import addresses, permitted
from pipeline.federation.receiving import Want

CONTENT = b"parks " * 5000


def neighbour(url, **said):
    files = {"parks": {"url": url + "/a", "date": "2026-04-01"}}
    return FileNeighbour.model_validate({"kind": "files", "files": files, "private": True} | said)


@pytest.fixture
def fetch(there, tmp_path):
    """``fetch("/a", most=…)``: ask the other end; the file comes to ``tmp_path / "a"``."""
    _, url = there

    def get(path, most=1 << 20, seconds=30, declared=None, **want):
        fetcher = Fetcher(declared or neighbour(url), seconds, pause=0.01)
        try:
            return fetcher.get(Want(url + path, most, **want), tmp_path / "a")
        finally:
            fetcher.close()

    return get


def refused(get, *args, **kwargs):
    with pytest.raises(FetchError) as error:
        get(*args, **kwargs)
    return error.value.code


def test_a_file_comes_whole_with_its_tag_and_digest(there, fetch, tmp_path):
    there[0].files["/a"] = CONTENT
    answer = fetch("/a")
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert answer.changed and answer.etag.startswith('"')
    assert answer.sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_unchanged_means_that_nothing_is_read(there, fetch, tmp_path):
    there[0].files["/a"] = CONTENT
    tag = fetch("/a").etag
    (tmp_path / "a").unlink()
    assert not fetch("/a", etag=tag).changed
    assert not (tmp_path / "a").exists()


def test_requests_say_who_asks_and_ask_for_no_compression(there, fetch):
    there[0].files["/a"] = CONTENT
    fetch("/a")
    headers = there[0].asked[0][1]
    assert headers["User-Agent"].startswith("Tonari/")
    assert headers["Accept-Encoding"] == "identity"


def test_a_broken_transfer_goes_on_where_it_stopped(there, fetch, tmp_path):
    end, _ = there
    end.files["/a"] = CONTENT
    tag = f'"{hashlib.sha256(CONTENT).hexdigest()[:16]}"'

    def half(handler):
        del end.manners["/a"]
        whole(handler, CONTENT[:9000], ETag=tag, Content_Length=str(len(CONTENT)))

    end.manners["/a"] = half
    fetch("/a")
    assert (tmp_path / "a").read_bytes() == CONTENT
    assert end.asked[-1][1]["Range"] == "bytes=9000-"
    assert end.asked[-1][1]["If-Range"] == tag


def test_a_server_that_sends_less_than_the_rest_is_asked_for_more(there, fetch, tmp_path):
    end, _ = there

    def piece(handler):
        start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=")[:-1])
        part = CONTENT[start : start + 12_000]
        said = f"bytes {start}-{start + len(part) - 1}/{len(CONTENT)}"
        length = str(len(CONTENT) if not start else len(part))
        status = 206 if start else 200
        whole(handler, part, status, ETag='"1"', Content_Range=said, Content_Length=length)

    end.manners["/a"] = piece
    fetch("/a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_piece_is_never_taken_for_the_whole(there, fetch, tmp_path):
    def piece(handler):
        start = int(handler.headers.get("Range", "bytes=0-").removeprefix("bytes=")[:-1])
        said = f"bytes {start}-{start + 9}/{len(CONTENT)}"
        length = "10" if start else str(len(CONTENT))
        status = 206 if start else 200
        whole(handler, CONTENT[:10], status, ETag='"1"', Content_Range=said, Content_Length=length)

    there[0].manners["/a"] = piece
    assert refused(fetch, "/a") == "neighbour-length"
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("at", [1, 9000, 16_384])
def test_all_members_of_a_gzip_stream_are_unpacked(there, fetch, tmp_path, at):
    members = gzip.compress(CONTENT[:at]) + gzip.compress(b"") + gzip.compress(CONTENT[at:])
    there[0].manners["/a"] = lambda h: whole(h, members, Content_Encoding="gzip")
    fetch("/a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_gzip_stream_that_ends_within_its_second_member_is_refused(there, fetch, tmp_path):
    members = gzip.compress(CONTENT) + gzip.compress(CONTENT)[:-9]
    there[0].manners["/a"] = lambda h: whole(h, members, Content_Encoding="gzip")
    assert refused(fetch, "/a") == "neighbour-length"
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    "said", ["Mon, 01 Jan 2024 00:00:00 +99999999999999999999", "²", "Mon, 99 Jan", "-5"]
)
def test_a_wait_nobody_can_read_is_a_busy_server(there, fetch, said):
    there[0].manners["/a"] = busy(said)
    assert refused(fetch, "/a") == "neighbour-busy"


@pytest.mark.parametrize("to", ["http://[", "http://[::1/a", "http://127.0.0.1:99999/a", "/\x01"])
def test_a_redirect_to_no_address_is_refused(there, fetch, to):
    there[0].manners["/a"] = redirect(to)
    assert refused(fetch, "/a").startswith("neighbour-")


def test_a_half_of_another_version_is_not_glued_on(there, fetch, tmp_path):
    end, _ = there
    end.files["/a"] = CONTENT.upper()

    def half(handler):
        del end.manners["/a"]
        whole(handler, CONTENT[:9000], ETag='"old"', Content_Length=str(len(CONTENT)))

    end.manners["/a"] = half
    fetch("/a")
    assert (tmp_path / "a").read_bytes() == CONTENT.upper()


def test_a_short_wait_that_is_asked_for_is_kept(there, fetch):
    end, _ = there
    end.files["/a"] = CONTENT

    def later(handler):
        del end.manners["/a"]
        busy("1")(handler)

    end.manners["/a"] = later
    start = time.monotonic()
    fetch("/a")
    assert time.monotonic() - start >= 1


def test_a_long_wait_is_left_to_a_later_build(there, fetch):
    there[0].manners["/a"] = busy("3600")
    assert refused(fetch, "/a") == "neighbour-busy"
    assert len(there[0].asked) == 1


def test_a_server_in_trouble_is_asked_three_times(there, fetch):
    there[0].manners["/a"] = lambda handler: whole(handler, b"", 500)
    assert refused(fetch, "/a") == "neighbour-status"
    assert len(there[0].asked) == 3


@pytest.mark.parametrize(
    ("manner", "code"),
    [
        (promising_more(CONTENT), "neighbour-length"),
        (endless, "neighbour-too-large"),
        (bomb, "neighbour-too-large"),
        (lambda h: whole(h, CONTENT, Content_Length=str(1 << 40)), "neighbour-too-large"),
        (lambda h: whole(h, b"\x1f\x8brubbish", Content_Encoding="gzip"), "neighbour-coding"),
        (lambda h: whole(h, CONTENT, Content_Encoding="br"), "neighbour-coding"),
        (redirect("/a"), "neighbour-redirect"),
        (redirect("http://169.254.169.254/latest"), "neighbour-redirect"),
        (redirect("file:///etc/passwd"), "neighbour-redirect"),
        (lambda h: whole(h, b"", 403), "neighbour-status"),
    ],
)  # fmt: skip
def test_what_lies_or_never_ends_is_refused_with_its_cause(there, fetch, tmp_path, manner, code):
    there[0].manners["/a"] = manner
    assert refused(fetch, "/a") == code
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize("manner", [drip, drip_body])
def test_drops_of_bytes_end_with_the_time(there, fetch, manner):
    there[0].manners["/a"] = manner
    assert refused(fetch, "/a", seconds=1.5) == "neighbour-too-slow"


def test_silence_until_the_end_is_slow_and_not_away(there, fetch):
    there[0].manners["/a"] = lambda handler: time.sleep(3)
    assert refused(fetch, "/a", seconds=1) == "neighbour-too-slow"


def test_another_file_than_the_promised_one_is_not_taken(there, fetch, tmp_path):
    there[0].files["/a"] = CONTENT
    assert refused(fetch, "/a", sha256="0" * 64) == "neighbour-digest"
    assert not (tmp_path / "a").exists()


def test_a_name_that_leads_home_is_refused_unless_it_is_declared(there, fetch):
    end, url = there
    end.files["/a"] = CONTENT
    public = neighbour(url).model_copy(update={"private": False})
    assert refused(fetch, "/a", declared=public) == "neighbour-address"
    assert end.asked == []


def test_another_port_of_the_same_machine_is_another_server(there, fetch, tmp_path):
    end, url = there
    with other_end() as (desk, desk_url):
        desk.files["/a"] = CONTENT
        end.manners["/a"] = redirect(desk_url + "/a")
        assert refused(fetch, "/a") == "neighbour-redirect"
        assert desk.asked == []
        port = desk_url.rpartition(":")[2]
        assert fetch("/a", declared=neighbour(url, hosts=[f"127.0.0.1:{port}"])).changed


def test_a_name_server_that_never_answers_costs_no_more_than_the_time(fetch, monkeypatch):
    """The one thing replaced: no name server here can be told to be silent."""
    silent = threading.Event()

    def wait(*_, **__):
        silent.wait(60)
        raise OSError("too late")

    monkeypatch.setattr("socket.getaddrinfo", wait)
    started = time.monotonic()
    assert refused(fetch, "/a", seconds=1) in ("neighbour-unreachable", "neighbour-too-slow")
    silent.set()
    assert time.monotonic() - started < 30


def certificate(path, *names):
    """Write a key and a certificate that vouches for itself: ``path``."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kanda")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(list(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


def test_an_encrypted_address_is_asked_only_where_its_certificate_is_vouched_for(tmp_path):
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    own = certificate(tmp_path / "own.pem", here)
    elsewhere = certificate(tmp_path / "elsewhere.pem", x509.DNSName("kanda.example"))

    def ask(server, authority):
        with other_end(server) as (end, url):
            end.files["/a"] = CONTENT
            fetcher = Fetcher(neighbour(url), 30, pause=0.01, authority=authority)
            try:
                return fetcher.get(Want(url + "/a", 1 << 20), tmp_path / "a")
            finally:
                fetcher.close()

    assert ask(own, own).changed
    for server, authority in [(own, None), (own, elsewhere), (elsewhere, elsewhere)]:
        assert refused(ask, server, authority) == "neighbour-unreachable"
    not_pem = tmp_path / "note.txt"
    not_pem.write_text("no certificate")
    assert refused(ask, own, not_pem) == "neighbour-authority"


def test_proxies_of_the_environment_are_not_asked(there, fetch, monkeypatch):
    there[0].files["/a"] = CONTENT
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert fetch("/a").changed


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "0.0.0.0", "224.0.0.1", "192.0.0.8", "198.18.0.1", "240.0.0.1", "255.255.255.255", "::1", "::",
     "fe80::1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff02::1", "64:ff9b::7f00:1",
     "2002:7f00:1::", "2001::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2001:db8::1", "no"],
)  # fmt: skip
def test_addresses_that_are_no_public_hosts_are_refused(address):
    assert not permitted(address, private=False)


@pytest.mark.parametrize("address", ["203.0.112.1", "8.8.8.8", "2404:6800:4004::1"])
def test_public_hosts_are_allowed(address):
    assert permitted(address, private=False)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0"])
def test_no_declaration_opens_link_local_addresses(address):
    assert not permitted(address, private=True)


@given(st.ip_addresses(v=4))
def test_an_address_written_as_ipv6_is_judged_alike(address):
    mapped = f"::ffff:{address}"
    assert permitted(mapped, private=False) == permitted(str(address), private=False)
    assert permitted(mapped, private=True) == permitted(str(address), private=True)


def test_every_address_of_a_name_is_tested():
    with pytest.raises(FetchError) as error:
        addresses("localhost", 80, private=False, seconds=10)
    assert error.value.code == "neighbour-address"
