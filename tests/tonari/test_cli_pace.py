"""What a long step says of its speed."""

import pytest

from tonari.pace import Pace


def paced(*steps, total):
    """Return what is said at each (second, done)."""
    times = iter([second for second, _ in steps])
    pace = Pace(lambda: next(times))
    return [pace.words(done, total) for _, done in steps]


def test_speed_and_remaining_time_follow_from_what_was_done_while_watching():
    said = paced((0, 500), (10, 1500), (20, 2500), total=10_000)
    assert said == [
        "500/10,000",
        "1,500/10,000 (100/s, あと約 1 min)",
        "2,500/10,000 (100/s, あと約 1 min)",
    ]


def test_at_the_end_nothing_remains():
    assert paced((0, 0), (10, 40), total=40)[-1] == "40/40 (4.0/s)"


def test_an_unknown_total_still_has_a_speed():
    assert paced((0, 0), (2, 4000), total=0) == ["0", "4,000 (2,000/s)"]


@pytest.mark.parametrize(("rate", "left"), [(1000, "9 s"), (10, "15 min"), (0.5, "5 h 0 min")])
def test_long_times_are_told_in_long_units(rate, left):
    done = round(rate * 100)
    total = {1000: 109_000, 10: 10_000, 0.5: 9_050}[rate]
    assert f"あと約 {left}" in paced((0, 0), (100, done), total=total)[-1]
