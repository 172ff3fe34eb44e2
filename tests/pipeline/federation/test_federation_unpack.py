"""Whatever is wrong with a zip from outside, it is one finding and not the end of the build."""

import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.errors import FetchError
from pipeline.federation.unpack import unpacked

PARKS = b"id,name\n" + b"".join(b"%d,park %d\n" % (n, n * n) for n in range(400))
KINDS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


def zipped(kind):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", kind) as book:
        book.writestr("公園/parks.csv", PARKS)
    return out.getvalue()


def taken(content, folder):
    archive = folder / "parks.zip"
    archive.write_bytes(content)
    return unpacked(archive, folder / "out", "", 1 << 20)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_whole_zip_is_taken_out(tmp_path, kind):
    assert taken(zipped(kind), tmp_path).read_bytes() == PARKS


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changed=st.lists(
        st.tuples(st.integers(0, 10_000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=3
    )
)
def test_a_damaged_zip_is_the_same_file_or_one_refusal(tmp_path, kind, changed):
    content = bytearray(zipped(kind))
    for where, put in changed:
        at = where % len(content)
        content[at : at + len(put)] = put
    try:
        found = taken(bytes(content), tmp_path).read_bytes()
    except FetchError as error:
        assert error.code in ("neighbour-zip", "neighbour-too-large")
    else:
        assert found == PARKS
