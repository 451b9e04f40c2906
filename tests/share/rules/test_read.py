"""Rules in YAML: read within limits, every problem with its line, and a hash that only the unmodified rule has."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stillwatch.share.guard.admit import NotAdmitted, admit
from stillwatch.share.rules.read import RULE_BYTES_MOST, WrongRule, parse_rule
from stillwatch.share.rules.rule import counts_towards_consensus, read_rule, rule_document, rule_hash

TEXT = """\
id: 6b0f1bd4-9b7e-4c53-8a1e-0d2f5b6c7a89
author: member 7f3a
created: 2026-11-20T00:00:00.000Z
valid_until: 2027-01-20T00:00:00.000Z
segments:
  - rate each answer from # to # * and explain
  - think step by step then answer
elicitation: [grading]
request: {temperature: "0", logprobs: true}
thresholds: {exchanges: 20, share: 0.5}
"""
NOW = datetime(2026, 12, 1, tzinfo=UTC)


def problems(text: str) -> list[tuple[int, str]]:
    """Lines and explanations of what is wrong."""
    with pytest.raises(WrongRule) as caught:
        parse_rule(text)
    return [(line, explanation) for line, explanation in caught.value.problems]


def test_a_rule_is_read_and_comes_back_over_the_wire() -> None:
    """From YAML to the message that crosses, and from the message again."""
    rule = parse_rule(TEXT)
    assert rule.segments[1] == "think step by step then answer"
    assert rule.request == {"temperature": "0", "logprobs": True}
    assert read_rule(admit(rule_document(rule))) == rule


def test_every_problem_is_told_with_its_line() -> None:
    """Five at once, in the order of the file, without the values."""
    wrong = (
        TEXT.replace("6b0f1bd4-9b7e-4c53", "secret")
        .replace("then answer", "then mail jo@example.org")
        .replace("[grading]", "[grading, jokes]")
        .replace('"0"', "0.7")
        .replace("20, share: 0.5", "2, share: 0.51, owner: secret")
    )
    found = problems(wrong)
    assert {line for line, _ in found} == {1, 7, 8, 9, 10}
    assert [line for line, _ in found] == sorted(line for line, _ in found)
    assert not any(secret in text for secret in ("secret", "jo@", "jokes", "0.51") for _, text in found)
    texts = {text for _, text in found}
    assert "thresholds.exchanges must be from 10 to 100000" in texts
    assert "elicitation.1 must be one of reasoning, grading, rewriting, training, format" in texts


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (TEXT.replace("[grading]", "&a [grading]"), 8, "no anchors"),
        (TEXT.replace("[grading]", "*a"), 8, "no anchors"),
        (TEXT.replace("author: member", "author: !!python/name:os.system member"), 2, "no tags"),
        (TEXT + "author: member 7f3b\n", 11, "twice"),
        (TEXT + "version: 2\n", 11, "not for a rule"),
        (TEXT.replace("[grading]", "[[[[[grading]]]]]"), 8, "less deep"),
        (TEXT.replace("[grading]", str(["grading"] * 600)), 8, "smaller"),
        (TEXT.replace("[grading]", "[grading"), 9, "no YAML"),
        (TEXT + "\x00", 1, "no YAML"),
        (TEXT + "#" * RULE_BYTES_MOST, 1, "bytes"),
        (TEXT.replace("elicitation", "elicitations"), 8, "must be one of"),
        ("", 1, "mapping"),
        ("--- a\n--- b\n", 2, "no YAML"),
    ],
)
def test_what_yaml_can_do_and_a_rule_may_not_is_refused(text: str, line: int, said: str) -> None:
    """Aliases, tags, repeats, depth, size, broken text: each with its line."""
    assert any(at == line and said in told for at, told in problems(text)), problems(text)


@pytest.mark.parametrize(
    "wording", ["a * b", "step by step (a|b)", "Think Step By Step", "think  step by", "x" * 25 + " step by", "a " * 17]
)
def test_wordings_are_short_words_only(wording: str) -> None:
    """No expression, no capitals, no long words, neither too few nor too many."""
    assert problems(TEXT.replace("think step by step then answer", f'"{wording}"'))


def test_a_rule_that_says_nothing_is_refused() -> None:
    """It would match all traffic."""
    with pytest.raises(ValueError, match="matches everything"):
        parse_rule("\n".join(line for line in TEXT.splitlines() if line[:3] not in {"seg", "  -", "eli", "req"}))


@settings(max_examples=40, deadline=None)
@given(
    change=st.sampled_from(
        [
            {"segments": ("think step by step then answer",)},
            {"elicitation": ()},
            {"request": {"temperature": "1", "logprobs": True}},
            {"exchanges": 21},
            {"share": 0.55},
            {"author": "member 7f3b"},
            {"valid_until": NOW},
        ]
    )
)
def test_any_change_is_another_rule(change: dict[str, Any]) -> None:
    """The hash of every field; a changed rule counts towards nothing."""
    rule = parse_rule(TEXT)
    other = replace(rule, **change)
    assert rule_hash(other) != rule_hash(rule)
    assert not counts_towards_consensus(other, rule_hash(rule), lambda _: True, NOW)


def test_the_hash_is_of_the_rule_and_not_of_its_text() -> None:
    """Comments and the order of lines do not matter."""
    shuffled = "# a comment\n" + "\n".join(reversed(TEXT.replace("\n  -", "\0  -").splitlines()))
    assert rule_hash(parse_rule(shuffled.replace("\0", "\n"))) == rule_hash(parse_rule(TEXT))


def test_only_a_valid_signed_rule_counts() -> None:
    """The signature is asked of somebody else, over the document that crosses; before and after, nothing counts."""
    rule = parse_rule(TEXT)
    seen: list[dict[str, Any]] = []

    def verify(document: dict[str, Any]) -> bool:
        seen.append(document)
        return True

    assert counts_towards_consensus(rule, rule_hash(rule), verify, NOW)
    assert seen == [rule_document(rule)]
    assert not counts_towards_consensus(rule, rule_hash(rule), lambda _: False, NOW)
    assert not counts_towards_consensus(rule, rule_hash(rule), verify, rule.valid_until)
    assert not counts_towards_consensus(rule, rule_hash(rule), verify, datetime(2026, 11, 1, tzinfo=UTC))
    unfit = replace(rule, segments=("mail jo at example",), exchanges=1)
    with pytest.raises(NotAdmitted):
        counts_towards_consensus(unfit, rule_hash(unfit), verify, NOW)
