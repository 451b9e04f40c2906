"""Findings: a name comes of own evidence alone; words of partners decide what is looked at first."""

import inspect
import typing
from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from stillwatch.model.campaign import Verdict
from stillwatch.model.indicator import Confidence, InformationGrade, SignalKind, SourceGrade
from stillwatch.share.answers import findings as module
from stillwatch.share.answers.findings import (
    Bars,
    Finding,
    LocalEvidence,
    PartnerWord,
    attention,
    joined,
    verdict_of,
)

BARS = Bars(20.0, 6.0)
WORDS = st.builds(
    PartnerWord,
    st.sampled_from([f"i{n}" for n in range(10)]),
    st.builds(Confidence, st.sampled_from(SourceGrade), st.sampled_from(InformationGrade)),
    st.floats(0, 500),
    st.just((SignalKind.BAND,)),
    st.none(),
)
LOCAL = st.builds(
    LocalEvidence,
    st.integers(0, 3),
    st.none() | st.sampled_from(Verdict),
    st.floats(-50, 500),
    st.floats(-50, 500),
    st.integers(0, 100),
    st.integers(0, 1000),
)
WEAK = LocalEvidence(1, Verdict.HARVEST, 19.9, 50.0, 10, 100)
SURE = PartnerWord("i1", Confidence(SourceGrade.A, InformationGrade.ONE), 400.0, (SignalKind.BAND,), None)


def test_ten_partners_words_make_no_verdict() -> None:
    """However sure they are, evidence below one's own bar has no name; one's own alone has."""
    words = tuple(replace(SURE, indicator_id=f"i{n}") for n in range(10))
    finding = Finding(WEAK, words)
    assert verdict_of(finding.local, BARS) is None
    assert verdict_of(Finding(replace(WEAK, coordination_bits=20.0), ()).local, BARS) is Verdict.HARVEST


def test_no_type_leads_from_a_word_to_a_verdict() -> None:
    """Nothing that gives a verdict or local evidence takes a word or a finding, nor holds one."""
    bans = {PartnerWord, Finding}
    own = [f for _, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__]
    assert verdict_of in own
    for function in own:
        hints = typing.get_type_hints(function)
        given_back = hints.pop("return")
        gives = {given_back, *typing.get_args(given_back)} & {Verdict, LocalEvidence}
        takes = {part for hint in hints.values() for part in (hint, *typing.get_args(hint))} & bans
        assert not (gives and takes), function.__name__
    for kind in (LocalEvidence, Bars):
        hints = typing.get_type_hints(kind)
        assert not {hints[f.name] for f in fields(kind)} & bans
    assert set(typing.get_type_hints(verdict_of)) == {"local", "bars", "return"}


@given(local=LOCAL)
def test_both_bars_must_be_passed(local: LocalEvidence) -> None:
    """And then the name is the member's own."""
    passes = local.coordination_bits >= BARS.coordination_bits and local.score_bits >= BARS.score_bits
    assert verdict_of(local, BARS) is (local.verdict if passes else None)


@given(drawn=st.lists(st.builds(lambda local, word: Finding(local, (word,)), LOCAL, WORDS), max_size=12))
def test_findings_of_a_family_are_joined(drawn: list[Finding]) -> None:
    """One for each family, its first evidence, each indicator once with its best match."""
    found = joined(drawn)
    assert [one.local.family for one in found] == list(dict.fromkeys(one.local.family for one in drawn))
    for one in found:
        same = [each for each in drawn if each.local.family == one.local.family]
        best: dict[str, float] = {}
        for word in (word for each in same for word in each.words):
            best[word.indicator_id] = max(best.get(word.indicator_id, 0.0), word.match_bits)
        assert {word.indicator_id: word.match_bits for word in one.words} == best
        assert one.local is same[0].local


def test_own_evidence_is_looked_at_first_then_the_best_word() -> None:
    """A queue: own bits, then grades of the words, then the match."""
    doubtful = replace(SURE, confidence=Confidence(SourceGrade.E, InformationGrade.FIVE))
    unknown = replace(SURE, confidence=Confidence(SourceGrade.F, InformationGrade.SIX))
    none = replace(WEAK, score_bits=0.0)
    queue = [
        Finding(WEAK, (doubtful,)),
        Finding(none, (SURE,)),
        Finding(none, (replace(SURE, match_bits=1.0),)),
        Finding(none, (doubtful, unknown)),
        Finding(none, (doubtful,)),
        Finding(none, ()),
    ]
    mixed = [queue[i] for i in (3, 5, 0, 4, 2, 1)]
    assert sorted(mixed, key=attention) == queue
