"""What is remembered of a stream: one decision a rule, as long as it holds, with its end on record."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.act.decide.made import NOW, Taken

from stillwatch.act.decide.clock import Moment
from stillwatch.act.decide.memory import DecisionMemory
from stillwatch.act.decide.records import Decided, End, Ended
from stillwatch.act.decide.stream import Stream
from stillwatch.model.decision import SEVERITY, Action, Decision

STREAM = Stream("c-1", "a-1")
AT = Moment(NOW, 1000.0)
HOUR = timedelta(hours=1)
ACTIONS = [Action.OBSERVE, Action.THROTTLE, Action.BLOCK]


def decision(rule: str, action: Action, at: Moment = AT, *, version: str = "v1", lasts: timedelta = HOUR) -> Decision:
    """A decision by a rule."""
    return Decision(action, f"{rule}-{at.steady_s}-{action}", "", "", version, at.wall, at.wall + lasts, rule, "c-1")


def later(seconds: float, at: Moment = AT) -> Moment:
    """A moment after another."""
    return Moment(at.wall + timedelta(seconds=seconds), at.steady_s + seconds)


def test_the_harshest_in_force_is_what_a_change_is_held_against() -> None:
    """Of three rules the block; what is not durable is not in force."""
    memory = DecisionMemory(Taken())
    for rule, action in (("a", Action.THROTTLE), ("b", Action.BLOCK), ("c", Action.OBSERVE)):
        memory.remember(STREAM, decision(rule, action), AT)
    found = memory.harshest(STREAM, "v1", AT)
    assert found is not None
    assert found.decision.action is Action.BLOCK
    waiting = DecisionMemory(Taken(is_durable=False))
    waiting.remember(STREAM, decision("a", Action.BLOCK), AT)
    assert waiting.harshest(STREAM, "v1", AT) is None
    waiting.remember(STREAM, decision("b", Action.BLOCK), AT, acts_unrecorded=True)
    assert waiting.harshest(STREAM, "v1", AT) is not None


def test_memory_is_bounded() -> None:
    """A stream beyond the last place gets no decision, and none that is there is pushed out."""
    memory = DecisionMemory(Taken(), most=2)
    made = [memory.remember(Stream("c", str(n)), decision("a", Action.BLOCK), AT) for n in range(3)]
    assert [one is None for one in made] == [False, False, True]
    assert memory.remember(Stream("c", "0"), decision("b", Action.BLOCK), AT) is not None
    assert len(memory) == 2


def test_an_end_that_cannot_be_recorded_is_kept() -> None:
    """The queue is full: what has ended is not in force, and its end is on record when there is room."""
    taken = Taken(most=1)
    memory = DecisionMemory(taken)
    memory.remember(STREAM, decision("a", Action.BLOCK), AT)
    memory.end(STREAM, End.CLEARED)
    assert memory.held(STREAM, "a", Action.BLOCK, "v1", AT) is None
    assert memory.sweep(lambda _: "v1", AT, 0.0) == 0
    assert len(memory) == 1
    taken._waiting.clear()
    assert memory.sweep(lambda _: "v1", later(10), 0.0) == 1
    assert len(memory) == 0
    assert [(type(one).__name__, getattr(one, "why", None)) for one in taken.told] == [("Ended", End.CLEARED)]


def test_a_decision_that_can_never_be_recorded_is_forgotten() -> None:
    """Nothing was done by it, so that nothing ends."""
    taken = Taken(is_durable=False)
    memory = DecisionMemory(taken)
    held = memory.remember(STREAM, decision("a", Action.BLOCK), AT)
    assert held is not None
    assert held.record is not None
    held.record.set_exception(UnicodeError())
    assert not held.is_in_force
    memory.sweep(lambda _: "v1", AT, 0.0)
    assert (len(memory), len(taken.told)) == (0, 1)


def test_a_sweep_takes_its_breath() -> None:
    """Many streams, swept in parts: all that ended is on record."""
    taken = Taken()
    memory = DecisionMemory(taken)
    for n in range(500):
        memory.remember(Stream("c", str(n)), decision("a", Action.BLOCK), AT)
    assert memory.sweep(lambda _: "v2", AT, 0.0001) == 500
    assert {one.why for one in taken.told if isinstance(one, Ended)} == {End.REPLACED}


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(["a", "b"]), st.sampled_from(ACTIONS)),
        st.tuples(st.just("pass"), st.integers(1, 4000), st.just(None)),
        st.tuples(st.just("jump"), st.integers(-100_000, 100_000), st.just(None)),
        st.tuples(st.just("sweep"), st.just(0), st.just(None)),
    ),
    max_size=40,
)


@given(STEPS)
def test_nothing_lasts_longer_than_it_says(steps: list[tuple[str, object, Action | None]]) -> None:
    """However the clocks go: an hour of the steady clock ends it, and each decision has one beginning and one end."""
    taken = Taken()
    memory, now = DecisionMemory(taken), AT
    made: dict[str, float] = {}
    for what, value, action in steps:
        if what == "ask":
            assert action is not None
            rule = str(value)
            held = memory.held(STREAM, rule, action, "v1", now)
            held = held or memory.remember(STREAM, decision(rule, action, now), now)
            assert held is not None
            name = held.decision.decision_id
            assert now.steady_s - made.setdefault(name, now.steady_s) < 3600
            assert now.wall < held.decision.expires_at
            assert held.decision.action is action
        elif what == "pass":
            now = later(float(str(value)), now)
        elif what == "jump":
            now = now._replace(wall=now.wall + timedelta(seconds=float(str(value))))
        else:
            memory.sweep(lambda _: "v1", now, 0.0)
    begun = [one.decision.decision_id for one in taken.told if isinstance(one, Decided)]
    memory.sweep(lambda _: "", now, 0.0)
    ended = [one.decision.decision_id for one in taken.told if isinstance(one, Ended)]
    assert len(memory) == 0
    assert sorted(begun) == sorted(ended)


@given(st.lists(st.sampled_from(ACTIONS), max_size=8))
def test_every_change_names_what_was_before(actions: list[Action]) -> None:
    """The harshest action in force until then, whatever the order."""
    taken = Taken()
    memory = DecisionMemory(taken)
    for n, action in enumerate(actions):
        memory.remember(STREAM, decision(f"rule-{n}", action), AT)
    befores = [one.before for one in taken.told if isinstance(one, Decided)]
    for n, before in enumerate(befores):
        assert before == max(actions[:n], key=lambda a: SEVERITY[a], default=None)


def test_what_comes_back_after_a_restart_ends_when_it_would_have() -> None:
    """Half an hour is left of it, on both clocks; a wall clock that was set back gives it no more than its hour."""
    made = replace(decision("a", Action.BLOCK), appeal_url="x")
    for now, left_s in ((later(1800), 1800), (Moment(NOW - timedelta(days=1), 0.0), 3600)):
        memory = DecisionMemory(Taken())
        memory.restore([(STREAM, made)], now)
        assert (
            memory.held(STREAM, "a", Action.BLOCK, "v1", now._replace(steady_s=now.steady_s + left_s - 1)) is not None
        )
        assert memory.held(STREAM, "a", Action.BLOCK, "v1", now._replace(steady_s=now.steady_s + left_s)) is None
