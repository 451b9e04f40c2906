"""What an operator reads of callers that are not let in."""

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.service.access.refused import LASTS_S, Refused


class Clock:
    """Seconds that a test moves."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_it_is_said_while_it_goes_on_and_a_while_after() -> None:
    """Calls are counted by what they showed; after a silence they are forgotten, and counted anew."""
    clock = Clock()
    refused = Refused(clock)
    for shown in ("the token b", "the token a", "the token b"):
        refused.note(shown)
    clock.now_s += LASTS_S
    assert refused.problems() == (
        "1 call was refused, the last 300 s ago: it showed the token a",
        "2 calls were refused, the last 300 s ago: they showed the token b",
    )
    clock.now_s += 1
    assert refused.problems() == ()
    refused.note("the token b")
    assert refused.problems() == ("1 call was refused, the last 0 s ago: it showed the token b",)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, LASTS_S * 2))))
def test_as_counted_by_hand(calls: list[tuple[str, float]]) -> None:
    """The count is of the calls since the last silence, for any sequence of calls and pauses."""
    clock = Clock()
    refused, times = Refused(clock), dict[str, list[float]]()
    for shown, pause_s in calls:
        clock.now_s += pause_s
        before = times.get(shown, [])
        times[shown] = [*(before if before and clock.now_s - before[-1] <= LASTS_S else []), clock.now_s]
        refused.note(shown)
    recent = {shown: len(at) for shown, at in times.items() if clock.now_s - at[-1] <= LASTS_S}
    told = refused.problems()
    assert [int(one.split()[0]) for one in told] == [n for _, n in sorted(recent.items())]
