"""Reasoning that is left out of an answer, or stands there as a summary: the hook that a gateway calls.

It never touches the answer itself, needs no model and no verdict, and what it gives says what was withheld.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stillwatch.errors import InvalidInput
from stillwatch.trace.antidistill.lesson import Label, Measure, StreamVerdict, allow

__all__ = ["LONGEST_PART", "Part", "PartKind", "ReasoningSettings", "Served", "Span", "hook", "withhold"]

LONGEST_PART: Final = 4_000_000
"""Characters of the longest part that is read; a longer one is withheld whole and never handed to a summary."""


class PartKind(StrEnum):
    """What a part of an answer is."""

    REASONING = "reasoning"
    SUMMARY = "summary"
    ANSWER = "answer"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an answer, in its order."""

    kind: PartKind
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningSettings:
    """What happens to reasoning; as it stands nothing is withheld.

    withhold            Whether reasoning is left out at all.
    keep_characters     Characters at the start of the whole reasoning that are served all the same, 0 or more.
    summary_characters  Longest summary in characters, 0 or more; a longer one is cut. 0: no summary.
    """

    withhold: bool = False
    keep_characters: int = 0
    summary_characters: int = 600

    def __post_init__(self) -> None:
        """Refuse negative lengths."""
        for name, length in (
            ("keep_characters", self.keep_characters),
            ("summary_characters", self.summary_characters),
        ):
            if length < 0:
                message = f"{name} must be 0 or more, got {length}"
                raise InvalidInput(message)


@dataclass(frozen=True, slots=True)
class Span:
    """What was withheld of one part: which part of the answer as made, and which characters of it, end excluded."""

    part: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Served:
    """An answer as it goes out.

    parts       As served: reasoning cut, a summary in its place where one was given, everything else untouched.
    withheld    What is missing, by part of the answer as made.
    label       For the audit; None when nothing was withheld.
    """

    parts: tuple[Part, ...]
    withheld: tuple[Span, ...]
    label: Label | None

    @property
    def withheld_characters(self) -> int:
        """How much is missing."""
        return sum(span.end - span.start for span in self.withheld)


def withhold(
    parts: Sequence[Part],
    settings: ReasoningSettings,
    summarise: Callable[[str], str] | None = None,
    verdict: StreamVerdict | None = None,
) -> Served:
    """An answer without its reasoning, or with a summary of it.

    summarise   The caller's function from the withheld text to a summary; None, or an empty summary, leaves none.
    verdict     Goes into the label; none is needed.

    >>> made = [Part(PartKind.REASONING, "6 * 7 is 42."), Part(PartKind.ANSWER, "42")]
    >>> served = withhold(made, ReasoningSettings(withhold=True), lambda text: "A product.")
    >>> [(part.kind.value, part.text) for part in served.parts], served.withheld_characters
    ([('summary', 'A product.'), ('answer', '42')], 12)
    >>> withhold(made, ReasoningSettings()).parts == tuple(made)
    True
    """
    spans = _spans(parts, settings)
    if not spans:
        return Served(tuple(parts), (), None)
    summary = _summary(parts, spans, settings, summarise)
    served = list(_kept(parts, spans))
    if summary:
        served.insert(spans[0].part + bool(spans[0].start), Part(PartKind.SUMMARY, summary))
    measure = Measure.SUMMARISE if summary else Measure.WITHHOLD
    missing = float(sum(span.end - span.start for span in spans))
    return Served(tuple(served), spans, allow(measure, verdict, (("withheld_characters", missing),)))


def _spans(parts: Sequence[Part], settings: ReasoningSettings) -> tuple[Span, ...]:
    """What is to be withheld: all reasoning after the characters that are kept."""
    if not settings.withhold:
        return ()
    spans, left = [], settings.keep_characters
    for i, part in enumerate(parts):
        if part.kind is not PartKind.REASONING:
            continue
        kept = min(left, len(part.text))
        left -= kept
        if kept < len(part.text):
            spans.append(Span(i, kept, len(part.text)))
    return tuple(spans)


def _kept(parts: Sequence[Part], spans: Sequence[Span]) -> list[Part]:
    """Parts less what is withheld; a part of which nothing is left is gone."""
    starts = {span.part: span.start for span in spans}
    cut = [Part(part.kind, part.text[: starts[i]]) if i in starts else part for i, part in enumerate(parts)]
    return [part for i, part in enumerate(cut) if part.text or i not in starts]


def _summary(
    parts: Sequence[Part],
    spans: Sequence[Span],
    settings: ReasoningSettings,
    summarise: Callable[[str], str] | None,
) -> str:
    """What the caller's function says of the withheld text, cut to its limit."""
    if summarise is None or settings.summary_characters == 0:
        return ""
    read = [parts[s.part].text[s.start : s.end] for s in spans if s.end - s.start <= LONGEST_PART]
    return summarise("\n".join(read))[: settings.summary_characters] if read else ""


def hook(
    settings: ReasoningSettings, summarise: Callable[[str], str] | None = None
) -> Callable[[Sequence[Part], StreamVerdict | None], Served]:
    """A gateway's hook: takes the parts of a finished answer and the stream's verdict if any, gives what is served.

    A summary that fails withholds the reasoning without one: a gateway serves the answer in any case.

    >>> serve = hook(ReasoningSettings(withhold=True))
    >>> serve([Part(PartKind.REASONING, "steps"), Part(PartKind.ANSWER, "42")], None).label.entry()["measure"]
    'withhold'
    """

    def serve(parts: Sequence[Part], verdict: StreamVerdict | None = None) -> Served:
        try:
            return withhold(parts, settings, summarise, verdict)
        except Exception:  # noqa: BLE001  the caller's function may raise anything, and the answer is due
            return withhold(parts, settings, None, verdict)

    return serve
