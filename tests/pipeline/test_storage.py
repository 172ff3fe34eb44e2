"""A full or read-only disk is said as that, whoever notices it and however deep."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from pipeline.errors import StorageError, TonariError
from pipeline.storage import Trouble, disk_watched, trouble_of


def raised(work):
    try:
        work()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_a_full_device_is_known_by_the_error_of_the_system():
    def fill():
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(b"x")

    assert trouble_of(raised(fill)) is Trouble.FULL


def test_a_database_that_may_not_grow_or_be_written_is_known(tmp_path):
    database = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    database.execute("CREATE TABLE t (v)")
    database.execute("PRAGMA max_page_count = 2")
    full = raised(lambda: database.execute("INSERT INTO t VALUES (zeroblob(100000))"))
    assert trouble_of(full) is Trouble.FULL
    database.execute("PRAGMA query_only = 1")
    read_only = raised(lambda: database.execute("INSERT INTO t VALUES (1)"))
    assert trouble_of(read_only) is Trouble.READ_ONLY
    database.close()


def test_it_is_found_below_errors_that_say_something_else():
    def fail():
        try:
            try:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            except OSError:
                raise TonariError("the file could not be written") from None
        except TonariError as error:
            raise ValueError("nothing came of it") from error

    assert trouble_of(raised(fail)) is Trouble.READ_ONLY


@pytest.mark.parametrize(
    "other", [OSError(errno.ENOENT, "no such file"), ValueError("full"), sqlite3.Error("locked")]
)
def test_other_errors_are_no_trouble_of_the_disk(other):
    assert trouble_of(other) is None


def test_what_is_said_names_the_room_there_is_and_the_room_wanted(tmp_path):
    with pytest.raises(StorageError) as caught, disk_watched(tmp_path / "not" / "there"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    (finding,) = caught.value.findings
    assert finding.code == "disk-full"
    assert "MB" in finding.message_ja
    assert "MB" in finding.message_en
    assert "100.0 MB" in finding.remedy_en


def test_errors_of_data_pass_as_they_are(tmp_path):
    with pytest.raises(ZeroDivisionError), disk_watched(tmp_path):
        1 / 0  # noqa: B018
