"""Verdicts: what each rule needs, and that a verified relation comes before an accusation."""

from dataclasses import replace

import pytest

from stillwatch.detect.accounts import Ownership
from stillwatch.detect.verdicts import FamilyFacts, judge_family
from stillwatch.model.campaign import Verdict

BAR = 14.0
HARVEST = FamilyFacts(
    score_bits=30.0,
    coordination_bits=80.0,
    n_accused=60,
    n_exchanges=900,
    ownership=Ownership(0.1, 0.1, 0.0, 0.0),
    ti=0.0,
    hi=0.0,
    loc=0.0,
    item=0.0,
    elicitation_share=0.9,
)


def verdict(facts: FamilyFacts) -> Verdict | None:
    """Verdict alone, without reasons."""
    found = judge_family(facts, BAR)
    return None if found is None else found[0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, Verdict.HARVEST),
        ({"n_accused": 19}, Verdict.HARVEST),
        ({"n_accused": 19, "score_bits": 17.9}, Verdict.UNCLEAR),
        ({"n_accused": 10, "score_bits": 18.0}, Verdict.HARVEST),
        ({"n_accused": 9}, Verdict.UNCLEAR),
        ({"n_accused": 19, "n_exchanges": 99}, Verdict.UNCLEAR),
        ({"n_exchanges": 99}, Verdict.UNCLEAR),
        ({"score_bits": 13.9}, Verdict.UNCLEAR),
        ({"score_bits": 9.9, "loc": 0.3}, Verdict.RELAY),
        ({"score_bits": 9.9, "loc": 0.3, "hi": 0.6}, None),
        ({"score_bits": 9.9}, None),
        ({"score_bits": -20.0, "coordination_bits": -50.0}, Verdict.TOOL),
        ({"score_bits": -20.0, "coordination_bits": -50.0, "elicitation_share": 0.1}, None),
        ({"ownership": Ownership(0.9, 0.9, 0.9, 0.0)}, Verdict.RELATED),
        ({"ownership": Ownership(0.1, 0.1, 0.1, 0.9)}, Verdict.RELATED),
        ({"ownership": Ownership(0.9, 0.9, 0.7, 0.0)}, Verdict.UNCLEAR),
        ({"ownership": Ownership(0.5, 0.5, 0.0, 0.0)}, Verdict.UNCLEAR),
        ({"ownership": Ownership(0.49, 0.49, 0.0, 0.0)}, Verdict.HARVEST),
        ({"ownership": Ownership(0.5, 0.5, 0.0, 0.0), "score_bits": 9.9, "loc": 0.3}, None),
        ({"item": 0.9, "score_bits": 9.9}, Verdict.EVALUATION),
        ({"loc": float("nan"), "item": float("nan"), "score_bits": 0.0}, None),
    ],
)
def test_rules(change: dict[str, float | Ownership], expected: Verdict | None) -> None:
    """Each bar, one at a time."""
    assert verdict(replace(HARVEST, **change)) == expected  # type: ignore[arg-type]


def test_reasons_name_the_bar_they_were_held_against() -> None:
    """A reader can check every reason: value and bar are given."""
    found = judge_family(HARVEST, BAR)
    assert found is not None
    assert {(r.code, r.bar) for r in found[1]} >= {("score", BAR), ("accounts", 20)}
