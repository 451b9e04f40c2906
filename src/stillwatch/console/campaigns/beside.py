"""The nearest legitimate family side by side with a campaign's strongest: test by test, with the legitimate range."""

from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from stillwatch.model.campaign import Effect, FamilyEvidence, NearestFamily
from stillwatch.report import quantities, sentences, wording
from stillwatch.report.pictures.rows import effect_row

__all__ = ["BesideRow", "SideBySide", "side_by_side"]


@dataclass(frozen=True, slots=True)
class BesideRow:
    """One structure test.

    this, nearest, reference    Effect with its error, effect of the nearest legitimate family, range of 90 % of all.
    picture     None when it could not be judged.
    says        What it speaks for.
    """

    name: str
    question: str
    low: str
    high: str
    this: str
    nearest: str
    reference: str
    bits: str
    says: str
    picture: Markup | None


@dataclass(frozen=True, slots=True)
class SideBySide:
    """The comparison.

    kind        What kind of legitimate use is nearest; empty when the reference names none.
    sentence    How alike they are.
    """

    kind: str
    sentence: str
    rows: tuple[BesideRow, ...]


def side_by_side(family: FamilyEvidence) -> SideBySide:
    """The strongest family beside the legitimate one that looks most like it."""
    nearest = min(family.nearest, key=lambda one: one.distance, default=None)
    rows = tuple(_row(effect, nearest) for effect in family.effects)
    if nearest is None:
        return SideBySide("", "", rows)
    return SideBySide(wording.KINDS.get(nearest.kind, nearest.kind), sentences.nearest(nearest), rows)


def _row(effect: Effect, nearest: NearestFamily | None) -> BesideRow:
    name = sentences.effect_name(effect.test)
    words = wording.TESTS.get(effect.test, wording.QuestionWords(name, "", "low", "high"))
    is_judged = sentences.is_judged(effect)
    there = None if nearest is None else nearest.effects.get(effect.test)
    has_range = isfinite(effect.reference_low) and isfinite(effect.reference_high)
    return BesideRow(
        name=words.name,
        question=words.question,
        low=words.low,
        high=words.high,
        this=quantities.measured(effect.value, effect.standard_error) if is_judged else "not judged",
        nearest="–" if there is None else quantities.effect(there),
        reference=quantities.span(effect.reference_low, effect.reference_high) if has_range else "–",
        bits=quantities.bits(effect.bits) if is_judged else "–",
        says=sentences.side(effect.bits) if is_judged else "too little to tell",
        picture=effect_row(effect) if is_judged else None,
    )
