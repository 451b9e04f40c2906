"""Every code that the rest of the package can give has words, and the words keep the house rules."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import stillwatch
from stillwatch.detect.families import FEATURE_NAMES
from stillwatch.detect.views import VIEWS
from stillwatch.model.campaign import Reason, Verdict
from stillwatch.model.family import ATTRIBUTES
from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.report import sentences, wording
from stillwatch.simulate import POPULATIONS

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
