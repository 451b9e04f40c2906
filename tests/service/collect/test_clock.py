"""The clock that may jump."""

import pytest

from stillwatch.service.collect.clock import Clock


class Times:
    """A wall clock and a steady one, set by hand."""

    def __init__(self) -> None:
        self.wall, self.steady = 1_000_000.0, 50.0
        self.clock = Clock(lambda: self.wall, lambda: self.steady)

    def go(self, seconds: float, jump: float = 0.0) -> None:
        """Let time pass, the wall clock with a jump."""
        self.steady += seconds
        self.wall += seconds + jump


@pytest.fixture
def times() -> Times:
    """Both clocks."""
    return Times()


def test_a_clock_that_goes(times: Times) -> None:
    """Without a jump, and with the small steps by which clocks are corrected, it is the wall clock."""
    for _ in range(100):
        times.go(3600, jump=30)
        now = times.clock.now()
        assert now.earliest == now.latest == times.wall
        assert now.disagreement_s == 0


@pytest.mark.parametrize("jump", [1e9, -9e5])
def test_a_jump_leaves_both_possible(times: Times, jump: float) -> None:
    """After a jump now is either, until the new time has held for an hour; then it is believed."""
    times.go(10, jump)
    true = 1_000_010.0
    assert sorted((times.wall, true)) == list(times.clock.now())
    times.go(3000)
    assert sorted((times.wall, true + 3000)) == list(times.clock.now())
    times.go(700)
    assert times.clock.now() == (times.wall, times.wall)


def test_a_jump_and_back(times: Times) -> None:
    """A jump that is taken back leaves nothing behind."""
    times.go(10, 1e6)
    times.clock.now()
    times.go(10, -1e6)
    assert times.clock.now() == (times.wall, times.wall)
