"""What campaigns would have lost: by hand, and never more the later they are found."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.act.preview.made import CAMPAIGNS, LADDER, START, Told, blocks, judged, row, stream, world

from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.effect import DELAYS, effects_of
from stillwatch.model.campaign import Verdict


def test_what_comes_before_it_is_found_is_not_withheld() -> None:
    """Exchanges at 0, 30, 90 and 500 minutes; found an hour after the first, two of four are withheld."""
    told = Told(streams=stream("a"), found={CAMPAIGNS[0]: START + timedelta(minutes=60)})
    rows = [row("a", at, 0, output_tokens=tokens) for at, tokens in ((0, 100), (30, 100), (90, 100), (500, 700))]
    whole, one = effects_of(judged(rows, told, blocks()))
    assert (one.campaign_id, one.verdict, one.exchanges, one.output_tokens) == (CAMPAIGNS[0], Verdict.HARVEST, 4, 1000)
    assert (one.withheld, one.withheld_tokens) == (4, 1000)
    assert [(later.exchanges, later.output_tokens) for later in one.later] == [
        (1.0, 1.0),
        (0.5, 0.8),
        (0.25, 0.7),
        (0.0, 0.0),
        (0.0, 0.0),
    ]
    assert one.since_found is not None
    assert (one.since_found.exchanges, one.since_found.output_tokens) == (0.5, 0.8)
    assert one.since_found.after == timedelta(hours=1)
    assert whole.campaign_id is None
    assert whole.since_found is not None
    assert whole.since_found.exchanges == 0.5


def test_nobody_wrote_down_when() -> None:
    """Then there is no share since it was found, and for all together only when all are known."""
    told = Told(streams=stream("a") | stream("b", 1), found={CAMPAIGNS[0]: START})
    whole, *each = effects_of(judged([row("a", 0, 0), row("b", 1, 1)], told, blocks()))
    assert whole.since_found is None
    assert sorted(one.since_found is None for one in each) == [False, True]


def test_tokens_that_no_log_tells_are_not_guessed() -> None:
    """None, not 0."""
    whole, _ = effects_of(judged([row("a", 0, 0)], Told(streams=stream("a")), blocks()))
    assert (whole.output_tokens, whole.withheld_tokens, whole.later[0].output_tokens) == (None, None, None)


def test_answers_that_differ_are_not_withheld() -> None:
    """A degraded answer is an answer."""
    whole, _ = effects_of(judged([row("a", 0, 0)], Told(streams=stream("a")), blocks(then="degrade")))
    assert (whole.withheld, whole.altered) == (0, 1)


def test_a_tool_is_no_campaign_to_win_against() -> None:
    """What is taken from a popular tool is not counted as an effect, and stands after the others."""
    told = Told(streams=stream("a") | stream("b", 1))
    told.streams[CAMPAIGNS[1], "b"] = replace(told.streams[CAMPAIGNS[1], "b"], verdict=Verdict.TOOL)
    rows = [row("a", 0, 0), row("b", 1, 1), row("b", 2, 1)]
    whole, first, second = effects_of(judged(rows, told, blocks()))
    assert (whole.exchanges, whole.withheld) == (1, 1)
    assert (first.campaign_id, second.verdict, second.withheld) == (CAMPAIGNS[0], Verdict.TOOL, 2)


def test_nobody_accused_loses_nothing() -> None:
    """No campaign, no row."""
    assert effects_of(judged([row("a", 0)], Told(), blocks())) == ()


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_the_first_delay_is_what_is_refused(seed: int) -> None:
    """Known from the first exchange on, all that is refused is withheld; harvest and relay sum up to the whole."""
    rows, told = world(seed, 300)
    found = judged(rows, told, read_policy(LADDER, "ladder"))
    effects = effects_of(found)
    if not effects:
        return
    whole, *each = effects
    taking = [one for one in each if one.verdict in {Verdict.HARVEST, Verdict.RELAY}]
    assert whole.withheld == sum(one.withheld for one in taking)
    assert whole.exchanges == sum(one.exchanges for one in taking)
    assert sum(one.withheld for one in each) == found.refused.sum()
    assert sum(one.exchanges for one in each) == len(found.action)
    assert len(whole.later) == len(DELAYS)


@settings(max_examples=15)
@given(st.integers(0, 10_000))
def test_later_is_never_more(seed: int) -> None:
    """What a policy blocks is withheld the less, the later a campaign is found."""
    rows, told = world(seed, 300)
    for effect in effects_of(judged(rows, told, blocks())):
        shares = [later.exchanges for later in effect.later]
        assert shares == sorted(shares, reverse=True)
