"""Hard cases: the marks by hand, the order by brute force."""

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.preview.made import CAMPAIGNS, Told, blocks, judged, row, stream, world

from stillwatch.act.preview.cells import cells_of
from stillwatch.act.preview.hardness import MOST_CASES, hardest, marks_of
from stillwatch.model.decision import AccountFacts


def test_marks_are_those_of_the_docstring() -> None:
    """Each mark has its own scale and its ends."""
    easy = marks_of(AccountFacts(0.0, verified_level=0), stream("a")[CAMPAIGNS[0], "a"])
    assert set(easy.values()) == {0.0}
    facts = stream("a", bits=20.0, attribution_bits=-3.0, share_of_account=0.0)[CAMPAIGNS[0], "a"]
    assert set(marks_of(AccountFacts(5000.0, verified_level=2), facts).values()) == {1.0}


def test_the_unknown_speaks_for_the_customer() -> None:
    """An account of unknown age is as hard a case as an old one; an unknown level is half."""
    facts = stream("a")[CAMPAIGNS[0], "a"]
    assert marks_of(AccountFacts(), facts)["tenure"] == 1.0
    assert marks_of(AccountFacts(), facts)["verified"] == 0.5
    assert marks_of(AccountFacts(), stream("a", attribution_bits=float("nan"))[CAMPAIGNS[0], "a"])["attribution"] == 1.0


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_the_hardest_come_first(seed: int) -> None:
    """Ten at most, by hardness; no touched stream that is left out is harder than the last."""
    rows, told = world(seed, 300, 30)
    found = judged(rows, told, blocks())
    cases = hardest(found, cells_of(found))
    keys = {
        (CAMPAIGNS[c], found.seen.totals.account_ids[a])
        for c, a in zip(
            found.seen.accused["campaign"][found.is_touched].tolist(),
            found.seen.accused["account"][found.is_touched].tolist(),
            strict=True,
        )
    }
    marks = {key: marks_of(told.account_facts[key[1]], told.streams[key]) for key in keys}
    means = sorted((sum(one.values()) / len(one) for one in marks.values()), reverse=True)
    assert [case.hardness for case in cases] == means[:MOST_CASES]
    assert all((case.campaign_id, case.account_id) in keys for case in cases)


def test_a_case_says_what_it_rests_on() -> None:
    """Action, rule, counts and facts are the stream's."""
    told = Told({"a": AccountFacts(400.0, "research", 2, "evaluation")}, stream("a", bits=21.5))
    found = judged([row("a", i, 0, organisation_id="o") for i in range(4)], told, blocks())
    (case,) = hardest(found, cells_of(found))
    assert (case.action.value, case.rule, case.n_exchanges, case.refused) == ("block", "only", 4, 4)
    assert (case.bits_over_bar, case.organisation_id, case.programme) == (1.5, "o", "research")
