"""Sentences about previews: what they claim, and what they do not."""

from dataclasses import replace

import pytest
from tests.act.preview.made import CAMPAIGNS, Told, blocks, judged, row, stream

from stillwatch.act.policy.limits import BEYOND_APPROVAL, CEILINGS, Needs
from stillwatch.act.preview.doubt import Evidence, control
from stillwatch.act.preview.figures import Previewed
from stillwatch.act.preview.preview import previewed
from stillwatch.model.calibration import Bar
from stillwatch.model.decision import AccountFacts, Action
from stillwatch.report.previewed import words

BARS = (Bar(10, None, 9.0, 400, 400, 0, 1 / 401),)


def found(evidence: Evidence | None = None) -> Previewed:
    """One stream of four exchanges is blocked; 99 accounts send one each."""
    facts = {"a": AccountFacts(400.0, "research", 2, "evaluation")}
    rows = [row("a", i, 0) for i in range(4)] + [row(f"b-{i}", i) for i in range(99)]
    return previewed(judged(rows, Told(facts, stream("a", bits=21.5, share_of_account=0.25)), blocks()), evidence)


def test_everything_has_words() -> None:
    """Every action, every need, every share and every sign."""
    assert set(words.ACTIONS) == set(Action)
    assert set(words.NEEDS) == set(Needs)
    assert set(words.SHARES) == set(found().shares)
    assert set(words.SIGNS) == {one.sign for one in found().doubt.controls}


def test_the_summary_has_the_counts() -> None:
    """Window, traffic, what is touched and of whom; nothing touched is said as such."""
    assert words.summary(found()) == (
        "20 Nov 2026, 00:00 UTC to 20 Nov 2026, 01:38 UTC: of 103 exchanges of 100 accounts, 4 (3.9 %) of 1 account of "
        "1 organisation would have been touched."
    )
    nothing = previewed(judged([row("a", 0)], Told(), blocks()))
    assert words.summary(nothing).endswith("of 1 exchange of 1 account nothing would have been touched.")


def test_limits_are_the_tightest() -> None:
    """What one person may decide is never above the ceiling, whatever the policy says."""
    wide = replace(found(), limits=BEYOND_APPROVAL)
    assert {name: one for name, _, one, _, _ in words.limits(wide)} == {
        name: getattr(CEILINGS, name) for name in words.SHARES
    }


def test_reasons_of_a_hard_case() -> None:
    """What weighs most comes first, declared uses and programmes come last."""
    (case,) = found().hardest
    assert words.reasons(case) == [
        "a person verified the business",
        "the evidence is only 1.5 bits over the bar",
        "75 % of what the account sends is not accused",
        "the account is 1.1 years old",
        "in the programme research",
        "declared use: evaluation",
    ]
    assert case.campaign_id == CAMPAIGNS[0]


def test_the_unknown_is_said() -> None:
    """Ages and levels that nobody told are no numbers."""
    (case,) = previewed(judged([row("a", 0, 0)], Told(streams=stream("a")), blocks())).hardest
    assert words.reasons(case) == ["the account's age is not known", "its verified level is not known"]


def test_the_bar_is_said_with_its_interval() -> None:
    """Counts, interval and families, and that a simulated reference promises nothing."""
    said = words.doubts(found(Evidence(BARS, 802, is_simulated=True)).doubt)
    assert "like the 400 of the reference about one in 401 reaches it (95 % interval: at most one in 109)" in said[0]
    assert "The scan scored 802 families" in said[0]
    assert "2.0 would be expected over the bar (0.00 to 7.4)" in said[0]
    assert "promises nothing about yours" in said[1]


def test_what_cannot_be_said_is_said() -> None:
    """Without a calibration, signs or appeals each of them says so."""
    doubt = found().doubt
    assert words.doubts(doubt) == [
        "What the bar rests on is not known here: give --findings.",
        "No appeal against rules of these names was decided yet, so appeals say nothing.",
    ]
    assert words.controls(doubt)[0].startswith("Too few accounts carry a sign")


def test_appeals_are_said() -> None:
    """Upheld of decided, with the interval."""
    said = words.doubts(found(Evidence(decided=10, upheld=3)).doubt)[-1]
    assert said.startswith(
        "Of 10 appeals against rules of these names that a person decided, 3 (30 %; 6.7 % to 65 %) were"
    )


def test_a_ceiling_names_its_assumption() -> None:
    """Counts of both sides, the condition, and what a ceiling of everything says."""
    said = words.control(control("verified", 200, 2, 1000, 100))
    assert said.startswith(
        "2 of 200 touched accounts are verified by a person; of accounts of no accused stream 10 % are"
    )
    assert "If accounts touched wrongly carry that sign at least as often, at most 10 % " in said
    assert words.control(control("declared", 9, 1, 1000, 20)).endswith("that rules nothing out.")
    assert words.control(control("declared", 9, 1, 1000, 2)) == "a declared use: too few to tell"


def test_no_sentence_calls_anybody_guilty() -> None:
    """Whatever is said, nobody is called guilty, an abuser, a distiller or a violator."""
    one = found(Evidence(BARS, 802, decided=10, upheld=3))
    said = [words.summary(one), *words.doubts(one.doubt), *words.controls(one.doubt), words.effect(one.effects[0])]
    said += [words.DISCLAIMER, words.HARDNESS, words.REGION, *(words.felt(felt) for felt in one.felt)]
    text = " ".join(said).lower()
    assert not [word for word in ("guilty", "abus", "violat", "attacker", "thie", "steal", "innocent") if word in text]


@pytest.mark.parametrize(
    ("tokens", "said"), [(None, "100 % would have been withheld had"), (10, "100 % of the output")]
)
def test_tokens_are_said_when_logs_have_them(tokens: int | None, said: str) -> None:
    """Exchanges alone where the logs do not say."""
    effects = previewed(judged([row("a", 0, 0, output_tokens=tokens)], Told(streams=stream("a")), blocks())).effects
    assert said in words.effect(effects[0])
