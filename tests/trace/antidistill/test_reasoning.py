"""Withheld and summarised reasoning: what goes out, what does not, and that the answer never changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillwatch.errors import InvalidInput
from stillwatch.trace.antidistill.lesson import Measure
from stillwatch.trace.antidistill.reasoning import Part, PartKind, ReasoningSettings, hook, withhold

PARTS = st.lists(st.builds(Part, st.sampled_from(PartKind), st.text(max_size=12)), max_size=8)
ANSWER = Part(PartKind.ANSWER, "42")


@given(PARTS, st.integers(0, 40), st.booleans())
def test_only_reasoning_goes(parts: list[Part], keep: int, summarised: bool) -> None:  # noqa: FBT001
    """What is no reasoning stays, in order; the kept characters are a prefix of the reasoning, the spans the rest."""
    summary = (lambda _text: "in short") if summarised else None
    served = withhold(parts, ReasoningSettings(withhold=True, keep_characters=keep), summary)
    added = 1 if served.label is not None and served.label.measure is Measure.SUMMARISE else 0
    others = [part for part in served.parts if part.kind is not PartKind.REASONING]
    if added:
        others.remove(Part(PartKind.SUMMARY, "in short"))
    assert others == [part for part in parts if part.kind is not PartKind.REASONING]
    made = "".join(part.text for part in parts if part.kind is PartKind.REASONING)
    left = "".join(part.text for part in served.parts if part.kind is PartKind.REASONING)
    missing = "".join(parts[span.part].text[span.start : span.end] for span in served.withheld)
    assert left == made[:keep]
    assert missing == made[keep:]
    assert (served.label is None) == (not missing)
    assert added == bool(missing and summarised)


@given(PARTS)
def test_off_by_default(parts: list[Part]) -> None:
    """Settings as they stand serve every answer as it was made, without a label."""
    served = withhold(parts, ReasoningSettings(), lambda _text: "in short")
    assert served.parts == tuple(parts)
    assert served.label is None


def test_a_summary_stands_where_the_reasoning_stood() -> None:
    """The summary sees all that is withheld, is cut to its limit and stands after what is kept."""
    seen: list[str] = []
    parts = [Part(PartKind.REASONING, "first"), Part(PartKind.TOOL, "call"), Part(PartKind.REASONING, "second"), ANSWER]
    settings = ReasoningSettings(withhold=True, keep_characters=2, summary_characters=5)
    served = withhold(parts, settings, lambda text: seen.append(text) or "a long summary")  # type: ignore[func-returns-value]
    assert seen == ["rst\nsecond"]
    assert [part.text for part in served.parts] == ["fi", "a lon", "call", "42"]
    assert served.withheld_characters == 9
    assert served.label is not None
    assert served.label.entry()["withheld_characters"] == 9


def test_an_endless_part_is_never_summarised(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part over the limit is withheld whole, and the caller's function does not see it."""
    monkeypatch.setattr("stillwatch.trace.antidistill.reasoning.LONGEST_PART", 10)
    served = withhold([Part(PartKind.REASONING, "x" * 11), ANSWER], ReasoningSettings(withhold=True), str.upper)
    assert served.parts == (ANSWER,)
    assert served.withheld_characters == 11


def test_a_failing_summary_costs_no_answer() -> None:
    """The hook serves the answer without reasoning when the caller's function raises."""

    def fail(_text: str) -> str:
        message = "no model"
        raise ConnectionError(message)

    served = hook(ReasoningSettings(withhold=True), fail)([Part(PartKind.REASONING, "steps"), ANSWER], None)
    assert served.parts == (ANSWER,)
    assert served.label is not None
    assert served.label.measure is Measure.WITHHOLD


@pytest.mark.parametrize("name", ["keep_characters", "summary_characters"])
def test_lengths_are_no_debts(name: str) -> None:
    """Negative lengths are refused by name."""
    with pytest.raises(InvalidInput, match=f"{name} must be 0 or more, got -1"):
        ReasoningSettings(True, **{name: -1})
