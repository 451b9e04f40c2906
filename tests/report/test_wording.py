"""Every code that the rest of the package can give has words, and the words keep the house rules."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import stillwatch
from stillwatch.detect.families import FEATURE_NAMES
from stillwatch.detect.views import VIEWS
from stillwatch.model.campaign import Reason, SharedAttribute, Verdict
from stillwatch.model.family import ATTRIBUTES
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.report import sentences, wording
from stillwatch.simulate import POPULATIONS

from .examples import example_findings

DETECT = Path(stillwatch.__file__).parent / "detect"


def first_arguments(function: str) -> set[str]:
    """Literal first arguments of all calls of `function` in detect/."""
    calls = (node for path in DETECT.rglob("*.py") for node in ast.walk(ast.parse(path.read_text())))
    return {
        node.args[0].value
        for node in calls
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == function
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def not_judged_codes() -> set[str]:
    """Codes that detect/ writes for what could not be judged."""
    return set(re.findall(r'"((?:no|few)-[a-z-]+)"', (DETECT / "coverage.py").read_text()))


def all_words() -> Iterator[str]:
    """Every text of the module."""
    for table in (
        wording.VERDICTS,
        wording.VIEWS,
        wording.CHANNELS,
        wording.TESTS,
        wording.REASONS,
        wording.NOT_JUDGED,
    ):
        for words in table.values():
            for part in words:
                yield from (part,) if isinstance(part, str) else part
    yield from wording.ATTRIBUTES.values()
    yield from wording.CAPABILITIES.values()
    yield from wording.KINDS.values()


def test_detect_gives_codes_at_all() -> None:
    """The search finds codes; otherwise the tests below would say nothing."""
    assert len(first_arguments("Reason")) > 5
    assert len(not_judged_codes()) > 3


def test_every_reason_has_words() -> None:
    """Reason codes written in detect/ are all worded, and no words are for codes that nobody gives."""
    assert first_arguments("Reason") == set(wording.REASONS)


def test_every_channel_has_words() -> None:
    """Channels that detect/ names are worded."""
    assert first_arguments("ChannelBits") <= set(wording.CHANNELS)


def test_every_not_judged_code_has_words() -> None:
    """Codes of what could not be judged are worded, and none is left over."""
    assert not_judged_codes() == set(wording.NOT_JUDGED)


def test_every_registered_name_has_words() -> None:
    """Verdicts, views, structure tests, attributes, capabilities and populations are worded."""
    assert set(wording.VERDICTS) == set(Verdict)
    assert {view.name for view in VIEWS} <= set(wording.VIEWS)
    assert {population.name for population in POPULATIONS} <= set(wording.KINDS)
    assert set(FEATURE_NAMES) <= set(wording.TESTS)
    assert set(wording.ATTRIBUTES) == set(ATTRIBUTES)
    assert {*ELICITATION_CLASSES, "tools", "plain"} == set(wording.CAPABILITIES)


@pytest.mark.parametrize("code", sorted(wording.REASONS))
def test_reasons_speak_both_ways(code: str) -> None:
    """A reason gives its number and its bar, and says something else when the bar is missed."""
    reached, missed = sentences.reason(Reason(code, 31.0, 12.0)), sentences.reason(Reason(code, 12.0, 31.0))
    assert reached != missed
    assert "{" not in reached + missed


def test_every_stage_has_words() -> None:
    """Stages that a scan, a simulation or a search reports are worded, and no words are left over."""
    sources = "".join(path.read_text() for path in Path(stillwatch.__file__).parent.rglob("*.py"))
    named = re.findall(r'(?:stages\.stage|\breport|\bprogress|on_progress)\("([a-z ]+)"', sources)
    assert set(named) - {"think"} == set(wording.STAGES)  # one example in a docstring


def test_evidence_beside_a_number_asks() -> None:
    """Channels and tests may speak either way: their words are questions, not claims."""
    assert all(words.meaning.endswith("?") for code, words in wording.CHANNELS.items() if code != "both")
    assert all(words.question.endswith("?") for words in wording.TESTS.values())


@pytest.mark.parametrize(
    ("bits", "said"), [(2.0, "for harvest"), (-2.0, "for legitimate use"), (-0.003, "neither way")]
)
def test_bits_that_print_as_zero_speak_neither_way(bits: float, said: str) -> None:
    """What rounds to 0.0 bits is not called evidence."""
    assert sentences.side(bits) == said


def test_an_unclear_campaign_says_what_would_settle_it() -> None:
    """The owner to verify, the bits to the bar, and missing columns only when there are any."""
    campaign = next(c for c in example_findings().campaigns if c.verdict is Verdict.UNCLEAR)
    owned = replace(campaign, bits=11.0, reasons=(Reason("one-unverified-owner", 1.0, 0.8),), not_judged=())
    said = sentences.changes(owned, 14.0)
    assert said[0].startswith("Verify the owner")
    assert said[1] == "3.0 bits more would reach the bar."
    assert not any("Columns" in line for line in said)
    assert any("Columns" in line for line in sentences.changes(replace(owned, not_judged=("no-networks",)), 14.0))


def test_nobody_is_said_to_share_alone() -> None:
    """What is shared comes with how many share it, of how many, and how common it is elsewhere."""
    alone = SharedAttribute("payment", "pay-1", 4, 0.0)
    assert sentences.shared(alone, 9) == "4 of 9 accounts share the means of payment pay-1; no other account has it."
    assert "1.1 % of all other accounts have it" in sentences.shared(replace(alone, share_background=0.0113), 9)


def test_unknown_codes_are_shown() -> None:
    """A code from a newer plugin is readable, with its numbers."""
    assert sentences.reason(Reason("moon-phase", 3.0, 2.0)) == "Moon phase: 3, held against 2."
    assert sentences.not_judged(["moon-phase"]) == ["Moon phase."]


def test_nobody_is_accused_by_origin_or_as_a_person() -> None:
    """No wording names countries or nationality, or calls accounts or people guilty."""
    banned = re.compile(
        r"\bnation|countr|chin(a|ese)|russia|foreign|guilt|criminal|fraud|thie[fv]",
        re.IGNORECASE,
    )
    assert [text for text in all_words() if banned.search(text)] == []
