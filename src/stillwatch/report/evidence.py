"""What the page shows of one family: rows of words, numbers and pictures, worked out before any markup is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from markupsafe import Markup

from stillwatch.model.campaign import Effect, FamilyEvidence, TemplatePart
from stillwatch.report import quantities, sentences, wording
from stillwatch.report.pictures.rows import Scale, bar, effect_row
from stillwatch.report.visible import Piece, pieces, visible

__all__ = ["EffectRow", "FamilySection", "Row", "TemplateRun", "family_section", "share_rows"]

_MOST_TEMPLATE_CHARACTERS = 6000


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a picture that is a table.

    note    A sentence under the label, or empty.
    css     ``total`` for a result, else empty.
    """

    label: str
    note: str
    value: str
    picture: Markup
    css: str = ""


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One structure test in words and as a picture; the picture is None when it could not be judged."""

    words: wording.QuestionWords
    value: str
    bits: str
    says: str
    reference: str
    picture: Markup | None


@dataclass(frozen=True, slots=True)
class TemplateRun:
    """A part of a template: its pieces, or a slot with the number of fills."""

    drawn: tuple[Piece, ...]
    is_slot: bool
    fills: str


@dataclass(frozen=True, slots=True)
class FamilySection:
    """All that the page says of one family."""

    name: str
    view: wording.Words
    alike: str
    size: str
    score: str
    template: tuple[TemplateRun, ...]
    n_template_left_off: int
    effects: tuple[EffectRow, ...]
    has_reference: bool
    channels: tuple[Row, ...]
    waterfall: tuple[Row, ...]
    elicitation: tuple[Row, ...]
    shared: tuple[str, ...]
    nearest: tuple[str, ...]


def family_section(family: FamilyEvidence, n_alike: int, bar_bits: float) -> FamilySection:
    """Everything about one family, ready to lay out; `n_alike` others have the same size and score."""
    template, left_off = _template(family.template)
    view = wording.VIEWS.get(family.view, wording.Words(wording.plain(visible(family.view)), ""))
    return FamilySection(
        name=sentences.named(family.family_id),
        view=view,
        alike=sentences.alike(n_alike) if n_alike else "",
        size=f"{quantities.count(family.n_accounts)} accounts, {quantities.count(family.n_exchanges)} exchanges",
        score=quantities.bits(family.score_bits),
        template=template,
        n_template_left_off=left_off,
        effects=tuple(_effect(e) for e in family.effects),
        has_reference=any(isfinite(e.reference_low) and isfinite(e.reference_high) for e in family.effects),
        channels=tuple(_channels(family)),
        waterfall=tuple(_waterfall(family, bar_bits)),
        elicitation=share_rows({k: v for k, v in family.elicitation.items() if v > 0}, 1.0),
        shared=tuple(sentences.shared(s, family.n_accounts) for s in family.shared),
        nearest=tuple(sentences.nearest(n) for n in sentences.one_a_kind(family.nearest)),
    )


def share_rows(amounts: dict[str, float], total: float) -> tuple[Row, ...]:
    """Amounts by capability as shares of `total`, largest first; whole amounts are written out as well."""
    scale = Scale(0.0, 1.0)
    rows = []
    for code, amount in sorted(amounts.items(), key=lambda item: (-item[1], item[0])):
        share = amount / total if total else 0.0
        written = quantities.count(round(amount))
        value = quantities.share(share) if total == 1.0 else f"{written} · {quantities.share(share)}"
        label = wording.CAPABILITIES.get(code, sentences.named(code))
        rows.append(Row(label, "", value, bar(scale, 0.0, share, "amount")))
    return tuple(rows)


def _effect(effect: Effect) -> EffectRow:
    name = sentences.effect_name(effect.test)
    words = wording.TESTS.get(effect.test, wording.QuestionWords(name, "", "low", "high"))
    if not sentences.is_judged(effect):
        return EffectRow(words, "not judged", "–", "too little to tell", "", None)
    low, high = effect.reference_low, effect.reference_high
    known = isfinite(low) and isfinite(high)
    reference = f"legitimate {quantities.span(low, high)}" if known else ""
    value = quantities.measured(effect.value, effect.standard_error)
    bits = quantities.bits(effect.bits)
    return EffectRow(words, value, bits, sentences.side(effect.bits), reference, effect_row(effect))


def _channels(family: FamilyEvidence) -> Iterator[Row]:
    """Coordination bits by channel, then what they give together, with payments and without."""
    results = (family.coordination_bits, family.bits_without_payment)
    scale = Scale.over([0.0, *(c.bits for c in family.channels if isfinite(c.bits)), *filter(isfinite, results)])
    for channel in family.channels:
        words = wording.CHANNELS.get(channel.channel, wording.Words(wording.plain(visible(channel.channel)), ""))
        if channel.judged:
            yield Row(words.name, words.meaning, quantities.bits(channel.bits), _bits_bar(scale, 0.0, channel.bits))
        else:
            yield Row(words.name, words.meaning, "not judged", Markup(""))
    names = ("taken together", "together, without payments")
    for name, value in zip(names, results, strict=True):
        yield Row(name, "", quantities.bits(value), _bits_bar(scale, 0.0, value), "total")


def _waterfall(family: FamilyEvidence, bar_bits: float) -> Iterator[Row]:
    """How the score adds up: each test's share, what coordination and weighing add, the score against the bar."""
    if not isfinite(family.score_bits):
        return
    judged = [e for e in family.effects if sentences.is_judged(e) and isfinite(e.bits) and e.bits]
    steps = [(sentences.effect_name(e.test), e.bits) for e in sorted(judged, key=lambda e: -e.bits)]
    rest = family.score_bits - sum(step[1] for step in steps)
    steps.append(("weighed together", rest))
    totals = [sum(step[1] for step in steps[:i]) for i in range(len(steps) + 1)]
    scale = Scale.over([0.0, bar_bits, *totals])
    for (name, bits), start in zip(steps, totals, strict=False):
        yield Row(name, "", _signed(bits), _bits_bar(scale, start, start + bits, bar_bits))
    yield Row("score", "", quantities.bits(totals[-1]), _bits_bar(scale, 0.0, totals[-1], bar_bits), "total")


def _signed(bits: float) -> str:
    return f"+{quantities.bits(bits)}" if bits > 0 else quantities.bits(bits)


def _bits_bar(scale: Scale, start: float, end: float, bar_bits: float | None = None) -> Markup:
    if not isfinite(end):
        return Markup("")
    return bar(scale, start, end, "for" if end >= start else "against", bar_bits)


def _template(parts: tuple[TemplatePart, ...]) -> tuple[tuple[TemplateRun, ...], int]:
    """Parts cut to what a page can hold, and the number of characters left off."""
    room = _MOST_TEMPLATE_CHARACTERS
    runs = []
    for part in parts:
        if part.is_slot:
            runs.append(TemplateRun((), is_slot=True, fills=_fills(part.n_fills)))
        elif room > 0:
            runs.append(TemplateRun(tuple(pieces(part.text[:room], layout="\n\t")), is_slot=False, fills=""))
            room -= len(part.text)
    total = sum(len(part.text) for part in parts if not part.is_slot)
    return tuple(runs), max(0, total - _MOST_TEMPLATE_CHARACTERS)


def _fills(n: int) -> str:
    return f"{quantities.count(n)} different texts" if n else "changing text"
