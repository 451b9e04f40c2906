"""Guards: each softens for its own reason, none makes anything harsher, their order changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.act.decide.made import facts

from stillwatch.act.decide.guards import GUARDS, UNRECORDED, Guard, Situation, soften
from stillwatch.model.decision import SEVERITY, Action, PartnerWord

ALONE = PartnerWord(("i-1",), has_local_evidence=False)
AGREED = PartnerWord(("i-1",), has_local_evidence=True)
SITUATIONS = st.builds(
    Situation,
    st.builds(
        facts, st.sampled_from([None, "c-1"]), partner=st.sampled_from([None, ALONE, AGREED]), cleared=st.booleans()
    ),
    rests_on_partner=st.booleans(),
    is_protected=st.booleans(),
    is_cleared=st.booleans(),
    is_overdue=st.booleans(),
    is_in_stage=st.booleans(),
    is_over_radius=st.booleans(),
)


@pytest.mark.parametrize(
    ("situation", "names", "left"),
    [
        (Situation(facts()), [], Action.BLOCK),
        (Situation(facts(), is_cleared=True), ["cleared"], Action.ALLOW),
        (Situation(facts(), is_protected=True), ["protected"], Action.OBSERVE),
        (Situation(facts(), is_overdue=True), ["overdue"], Action.OBSERVE),
        (Situation(facts(None)), ["other-traffic"], Action.OBSERVE),
        (Situation(facts(partner=ALONE), rests_on_partner=True), ["partner-alone"], Action.OBSERVE),
        (Situation(facts(partner=AGREED), rests_on_partner=True), [], Action.BLOCK),
        (Situation(facts(), rests_on_partner=True), [], Action.BLOCK),
        (Situation(facts(partner=ALONE)), [], Action.BLOCK),
        (Situation(facts(), is_in_stage=False), ["stage"], Action.OBSERVE),
        (Situation(facts(), is_over_radius=True), ["radius"], Action.OBSERVE),
        (Situation(facts(), is_cleared=True, is_over_radius=True), ["cleared", "radius"], Action.ALLOW),
    ],
)
def test_each_guard_for_its_reason(situation: Situation, names: list[str], left: Action) -> None:
    """A block is softened to what the guard leaves, and the guard is named."""
    found = soften(Action.BLOCK, situation)
    assert (found.action, [guard.name for guard in found.by]) == (left, names)


@given(st.sampled_from(list(Action)), SITUATIONS)
def test_guards_only_ever_soften(wanted: Action, situation: Situation) -> None:
    """Never harsher than the rule, never harsher than any guard that holds; untouched when no guard is named."""
    found = soften(wanted, situation)
    assert SEVERITY[found.action] <= SEVERITY[wanted]
    assert all(SEVERITY[found.action] <= SEVERITY[guard.most] for guard in GUARDS if guard.holds(situation))
    assert (found.action is wanted) == (not found.by)
    assert found == soften(wanted, situation)


@given(st.sampled_from(list(Action)), SITUATIONS, st.permutations(GUARDS))
def test_the_order_of_guards_changes_no_outcome(wanted: Action, situation: Situation, order: list[Guard]) -> None:
    """The softest wins wherever it stands."""
    assert soften(wanted, situation, tuple(order)).action is soften(wanted, situation).action


@given(st.sampled_from(list(Action)), SITUATIONS)
def test_one_more_reason_never_makes_it_harsher(wanted: Action, situation: Situation) -> None:
    """Whatever holds besides, a protected, cleared or stopped one gets no more than before."""
    before = SEVERITY[soften(wanted, situation).action]
    for worse in (
        situation._replace(is_protected=True),
        situation._replace(is_cleared=True),
        situation._replace(is_in_stage=False),
        situation._replace(is_overdue=True),
        situation._replace(is_over_radius=True),
    ):
        assert SEVERITY[soften(wanted, worse).action] <= before


def test_every_guard_says_why() -> None:
    """Names are unique, each says why in words, and none leaves more than observe."""
    guards = (*GUARDS, UNRECORDED)
    assert len({guard.name for guard in guards}) == len(guards)
    assert all(len(guard.why.split()) > 3 for guard in guards)
    assert all(SEVERITY[guard.most] <= SEVERITY[Action.OBSERVE] for guard in guards)
