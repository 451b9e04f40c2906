"""MITRE ATLAS: every technique has its place, and what is the same for everybody says nothing of anybody."""

import json
import re

import pytest

from stillwatch.model.indicator import Technique
from stillwatch.share.guard.table import FIXED_OBJECTS
from stillwatch.share.stix.atlas import ADVICE, ADVICE_LINKS, ATTACK_PATTERNS, INTRUSION_SET, attack_patterns_of


@pytest.mark.parametrize("technique", Technique)
def test_every_technique_is_an_attack_pattern(technique: Technique) -> None:
    """With what every campaign does: model access, extraction, theft; sorted, none twice."""
    codes = attack_patterns_of([technique, technique])
    assert {"AML.T0024.002", "AML.T0040", "AML.T0048.004"} <= set(codes) <= ATTACK_PATTERNS.keys()
    assert list(codes) == sorted(set(codes))


def test_all_patterns_are_reached() -> None:
    """No pattern that nothing leads to."""
    assert set(attack_patterns_of(Technique)) == ATTACK_PATTERNS.keys()


def test_codes_are_those_of_the_design() -> None:
    """Techniques, mitigations and the case study by their ids at MITRE."""
    assert set(ATTACK_PATTERNS) == {
        "AML.T0024.002", "AML.T0008.005", "AML.T0040", "AML.T0065", "AML.T0021", "AML.T0048.004",
    }  # fmt: skip
    assert set(ADVICE) == set(ADVICE_LINKS) == {"AML.M0004", "AML.M0024"}
    assert INTRUSION_SET["external_references"] == [{"source_name": "mitre-atlas", "external_id": "AML.CS0056"}]
    for code, made in [*ATTACK_PATTERNS.items(), *ADVICE.items()]:
        assert made["external_references"] == [{"source_name": "mitre-atlas", "external_id": code}]


def test_nobody_is_named_by_what_is_the_same_for_everybody() -> None:
    """No address, no link, no firm; ids stand once, and references lead to objects that are sent too."""
    text = json.dumps(list(FIXED_OBJECTS.values()))
    assert not re.search(r"https?:|@|\d+\.\d+\.\d+\.\d+", text)
    assert not re.search(r"deepseek|moonshot|minimax|openai|anthropic|google", text, re.IGNORECASE)
    ids = {reference for reference in re.findall(r"[a-z-]+--[0-9a-f-]{36}", text)}  # noqa: C416 - as it reads
    assert {found for found in ids if not found.startswith("extension-definition--60a3c5c5")} == FIXED_OBJECTS.keys()
