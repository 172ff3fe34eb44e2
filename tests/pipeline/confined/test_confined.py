"""A process that reads may end in any way; the one that asked goes on and knows why."""

import os

import pytest

from pipeline.confined import Limits, Stopped, confined
from pipeline.errors import SourceError

ROOMY = Limits(memory=2 << 30, seconds=60)


def stopped(function, *arguments, limits=ROOMY):
    with pytest.raises(Stopped) as caught:
        confined("test", function, arguments, limits)
    return caught.value


def test_a_value_comes_back():
    assert confined("test", "math:sqrt", (2.25,), ROOMY) == 1.5


def test_one_warm_process_answers_one_call_after_the_other():
    first, second = (confined("test", "os:getpid", (), ROOMY) for _ in range(2))
    assert first == second != os.getpid()


def test_kinds_do_not_share_a_process():
    assert confined("test", "os:getpid", (), ROOMY) != confined("other", "os:getpid", (), ROOMY)


def test_an_abort_in_native_code_is_told_and_the_next_call_answered():
    end = stopped("os:abort")
    assert (end.cause, end.detail) == ("crash", "SIGABRT")
    assert confined("test", "math:sqrt", (4.0,), ROOMY) == 2.0


def test_memory_beyond_the_bound_is_told():
    assert stopped("builtins:bytearray", 4 << 30).cause == "memory"


def test_the_bound_of_one_call_is_not_that_of_the_next():
    assert stopped("builtins:bytearray", 600 << 20, limits=Limits(300 << 20, 60)).cause == "memory"
    assert len(confined("test", "builtins:bytearray", (600 << 20,), ROOMY)) == 600 << 20


def test_what_never_ends_is_ended():
    assert stopped("time:sleep", 600, limits=Limits(2 << 30, 0.3)).cause == "time"


def test_an_unforeseen_exception_is_named():
    assert stopped("math:sqrt", -1.0).detail == "ValueError: math domain error"


def test_a_refusal_arrives_with_its_findings(tmp_path):
    with pytest.raises(SourceError) as caught:
        confined("test", "pipeline.sources.content:require_content", (tmp_path, "a.csv"), ROOMY)
    (finding,) = caught.value.findings
    assert (finding.code, finding.file) == ("source-unreadable", "a.csv")
    assert "folder" in finding.message_en


def test_limits_grow_with_the_file():
    small, large = Limits.for_file(1 << 10), Limits.for_file(50 << 20)
    assert small.memory <= large.memory
    assert small.seconds < large.seconds
