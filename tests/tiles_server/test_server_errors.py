"""What is answered when something fails: by class, its subclasses too, and never by failing."""

from __future__ import annotations

import errno
import os
import re
import subprocess

import httpx
import pytest
from release_maker import make_release, switch
from serving import serving

from tiles_server import errors
from tiles_server.app import create_app, flask_app
from tiles_server.desk.accounts import Accounts
from tiles_server.errors import ERRORS, BusyError, ServerError, UnknownNameError, told
from tiles_server.language import messages
from tiles_server.releases import Releases

PASSWORD = "correct horse battery staple"


@pytest.fixture
def failing(tmp_path):
    """Return a function that answers as if a page had raised an error."""

    def answer(error, **headers):
        app = flask_app(Releases(tmp_path))

        @app.get("/failing")
        def fail():
            raise error

        return app.test_client().get("/failing", headers=headers)

    return answer


@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_every_error_is_told_as_the_table_says_and_so_is_what_derives_from_it(failing, kind):
    nearer = type("Nearer", (kind,), {})
    for error in (kind("why"), nearer("why")):
        program = failing(error)
        assert (program.status_code, program.json["detail"]) == (ERRORS[kind].status, "why")
        person = failing(error, Accept="text/html").get_data(as_text=True)
        assert messages()[ERRORS[kind].sentence]["ja"] in person


def test_every_error_of_the_server_is_told_or_cannot_reach_a_client():
    unheard = {"VendorError", "StartError"}  # before anything is served
    assert {k.__name__ for k in ServerError.__subclasses__() if not told(k())} == unheard


def test_a_full_disk_is_told_as_that_wherever_it_is_met(failing):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    hidden = RuntimeError("could not")
    hidden.__cause__ = full
    for error in (full, hidden):
        answer = failing(error)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert "full" in answer.json["detail"]
    page = failing(full, Accept="text/html").get_data(as_text=True)
    assert "ディスク" in page
    assert failing(RuntimeError("other")).status_code == 500
    missing = UnknownNameError("no such layer")
    missing.__context__ = full
    assert failing(missing).status_code == 404


def test_a_page_of_errors_that_fails_is_replaced_by_plain_words(failing, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no page")

    monkeypatch.setattr(errors, "render_template", fail)
    answer = failing(BusyError("busy"), Accept="text/html")
    assert (answer.status_code, answer.json["detail"]) == (503, "busy")


def test_what_fails_outside_of_flask_is_answered_all_the_same(tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("defect")

    app = create_app(tmp_path)
    monkeypatch.setattr("tiles_server.tile_middleware.TileMiddleware.__call__", fail)
    told_statuses = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": "localhost"}
    body = app(environ, lambda status, headers: told_statuses.append(status))
    assert told_statuses == ["500 Internal Server Error"]
    assert b"Internal Server Error" in b"".join(body)


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of two megabytes."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", tmp_path],
        check=False, capture_output=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("only root can mount a small disk")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


def test_the_desk_says_when_its_disk_is_full_and_works_when_it_is_not(small_disk):
    releases = small_disk / "releases"
    releases.mkdir()
    make_release(releases, "20261123T160000Z-00000001")
    switch(releases, "20261123T160000Z-00000001")
    staff = small_disk / "alerts"
    Accounts(staff).add("tanaka", PASSWORD)
    with serving(small_disk, workers=1, staff=str(staff)) as server:
        cookie, token = form_of(server.address)
        full = fill(small_disk)
        answer = sign_in(server.address, cookie, token)
        assert answer.status_code == 503
        assert "ディスクがいっぱい" in answer.text
        full.unlink()
        assert sign_in(server.address, cookie, token).status_code == 303
        assert "full" in server.errors()


def form_of(address):
    page = httpx.get(address + "/desk/sign-in")
    token = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
    return page.headers["set-cookie"].split(";")[0], token


def sign_in(address, cookie, token):
    fields = {"csrf": token, "name": "tanaka", "password": PASSWORD}
    return httpx.post(address + "/desk/sign-in", data=fields, headers={"Cookie": cookie})


def fill(disk):
    file = disk / "fill"
    with file.open("wb", buffering=0) as handle:
        for size in (65_536, 4_096, 1):
            try:
                while True:
                    handle.write(b"x" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC
    return file
