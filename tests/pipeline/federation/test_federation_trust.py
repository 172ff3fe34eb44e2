"""Signatures: over exact bytes, verified before anything is read."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.neighbours import TonariNeighbour
from pipeline.errors import FetchError, KeyFileError
from pipeline.federation.keys import MANIFEST, load_key, new_key, signers
from pipeline.federation.state import Trust
from pipeline.federation.trust import said_moment, verified

NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    return [new_key(folder / f"{n}.key") for n in range(3)]


def manifest(sequence=1, expires="2027-01-01T00:00:00Z", next_key="", **said):
    signing = {"sequence": sequence, "expires": expires, "next": next_key}
    document = {"format": 1, "release": "20261126T000000Z-00000000", "signing": signing} | said
    return json.dumps(document).encode()


def ask(content, by, declared, trust=None, **said):
    signatures = "".join(key.sign(MANIFEST, content) for key in by).encode()
    neighbour = TonariNeighbour.model_validate(
        {"url": "https://kanda.example", "layers": ["parks"], "key": declared.public} | said
    )
    return verified(content, signatures, neighbour, trust or Trust(), NOW)


def code(*args, **said):
    with pytest.raises(FetchError) as error:
        ask(*args, **said)
    return error.value.code


def test_what_the_declared_key_signed_is_believed(keys):
    found, trust = ask(manifest(7), keys[:1], keys[0])
    assert found.signing.sequence == 7
    assert trust.highest[keys[0].public][0] == 7


def test_no_signature_and_a_foreign_one_are_refused(keys):
    assert code(manifest(), [], keys[0]) == "neighbour-unsigned"
    assert code(manifest(), keys[1:2], keys[0]) == "neighbour-key"


def test_rubbish_is_not_parsed_before_its_signature_is_verified(keys):
    assert code(b"[" * 100_000, keys[1:2], keys[0]) == "neighbour-key"
    assert code(b"[" * 100_000, keys[:1], keys[0]) == "neighbour-manifest"


def test_unsigned_is_taken_where_the_declaration_says_so_but_not_after_a_signed_one(keys):
    assert ask(manifest(), [], keys[0], unsigned="accept")[0].release
    _, trust = ask(manifest(3), keys[:1], keys[0])
    assert code(manifest(4), [], keys[0], trust, unsigned="accept") == "neighbour-unsigned"


def test_what_is_past_its_time_is_refused(keys):
    assert code(manifest(expires="2026-11-25T00:00:00Z"), keys[:1], keys[0]) == "neighbour-expired"
    assert code(manifest(expires="soon"), keys[:1], keys[0]) == "neighbour-expired"


def test_an_older_release_and_another_of_the_same_number_are_refused(keys):
    _, trust = ask(manifest(5), keys[:1], keys[0])
    assert code(manifest(4), keys[:1], keys[0], trust) == "neighbour-rollback"
    assert code(manifest(5, created="x"), keys[:1], keys[0], trust) == "neighbour-rollback"
    assert ask(manifest(5), keys[:1], keys[0], trust)[1].highest == trust.highest


def test_an_announced_key_follows_and_the_old_one_is_over(keys):
    old, new, third = keys
    _, trust = ask(manifest(5, next_key=new.public), [old], old)
    _, trust = ask(manifest(6, next_key=new.public), [old, new], old, trust)
    assert trust.in_force == old.public
    _, trust = ask(manifest(7, next_key=third.public), [new], old, trust)
    assert (trust.in_force, trust.announced) == (new.public, third.public)
    assert code(manifest(8), [old], old, trust) == "neighbour-key"
    assert ask(manifest(8), [third], old, trust)[1].in_force == third.public


def test_a_key_nobody_announced_does_not_follow(keys):
    _, trust = ask(manifest(5), keys[:1], keys[0])
    assert code(manifest(6), keys[1:2], keys[0], trust) == "neighbour-key"


def test_a_new_declaration_starts_anew_with_the_numbers_of_each_key(keys):
    _, trust = ask(manifest(900), keys[:1], keys[0])
    _, trust = ask(manifest(1), keys[1:2], keys[1], trust)
    assert trust.in_force == keys[1].public
    assert code(manifest(899), keys[:1], keys[0], trust) == "neighbour-rollback"


@given(st.binary(min_size=1, max_size=200), st.data())
def test_any_other_byte_breaks_the_signature(tmp_path_factory, content, data):
    key = new_key(tmp_path_factory.mktemp("k") / "a.key")
    signature = key.sign(MANIFEST, content).encode()
    assert signers(content, signature, [key.public]) == {key.public}
    place = data.draw(st.integers(0, len(content) - 1))
    other = bytearray(content)
    other[place] ^= data.draw(st.integers(1, 255))
    assert signers(bytes(other), signature, [key.public]) == set()
    assert signers(content + b"\0", signature, [key.public]) == set()


def test_a_signature_of_another_kind_of_document_is_none(keys):
    content = manifest()
    signature = keys[0].sign("application/other", content).encode()
    assert signers(content, signature, [keys[0].public]) == set()


def test_a_key_file_is_private_and_never_overwritten(tmp_path):
    made = new_key(tmp_path / "a.key")
    assert (tmp_path / "a.key").stat().st_mode & 0o077 == 0
    assert load_key(tmp_path / "a.key").public == made.public
    with pytest.raises(KeyFileError):
        new_key(tmp_path / "a.key")
    (tmp_path / "a.key").chmod(0o644)
    with pytest.raises(KeyFileError):
        load_key(tmp_path / "a.key")
    (tmp_path / "b.key").write_text("no key")
    (tmp_path / "b.key").chmod(0o600)
    with pytest.raises(KeyFileError):
        load_key(tmp_path / "b.key")


@pytest.mark.parametrize("beyond", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_moments_beyond_the_calendar_are_none(keys, beyond):
    assert said_moment(beyond, "2026-11-26T09:00:00+09:00") == "2026-11-26T00:00:00Z"
    assert code(manifest(expires=beyond), keys[:1], keys[0]) == "neighbour-expired"
