"""Pictures one line high that stand in a row of a table: bars from a start to an end, and effects with their error."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

from markupsafe import Markup

from stillwatch.model.campaign import Effect
from stillwatch.report import quantities, sentences
from stillwatch.report.pictures import svg

__all__ = ["Scale", "bar", "effect_row"]

_HEIGHT = 30
_LEAST_SPAN = 0.1
"""Narrowest axis of an effect: what is smaller than a twentieth of it is the same to anybody."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Stretch of numbers that fills a picture's width."""

    low: float
    high: float

    @classmethod
    def over(cls, values: Sequence[float], margin: float = 0.03) -> "Scale":
        """Scale over all `values`, with a margin at both ends."""
        low, high = min(values), max(values)
        room = margin * ((high - low) or 1.0)
        return cls(low - room, high + room)

    def place(self, value: float) -> float:
        """Where `value` lies, 0 to 1; what is outside lies at the end."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def bar(scale: Scale, start: float, end: float, css: str, bar_bits: float | None = None) -> Markup:
    """Bar from `start` to `end`, a line at zero, and a dashed one at `bar_bits` if given."""
    left, right = sorted((scale.place(start), scale.place(end)))
    zero = scale.place(0)
    drawn = [svg.line("axis", zero, 0, zero, _HEIGHT)]
    if bar_bits is not None:
        drawn.append(svg.line("bar-line", scale.place(bar_bits), 0, scale.place(bar_bits), _HEIGHT))
    drawn.append(svg.rectangle(css, left, 8, max(0.003, right - left), _HEIGHT - 16))
    return svg.element("svg", *drawn, class_="row-picture", width="100%", height=_HEIGHT, aria_hidden="true")


def effect_row(effect: Effect) -> Markup:
    """Effect and twice its error against the range of legitimate families, on an axis that holds both and zero."""
    reach = 2 * effect.standard_error
    known = not (isnan(effect.reference_low) or isnan(effect.reference_high))
    band = (effect.reference_low, effect.reference_high) if known else ()
    scale = Scale.over([0.0, _LEAST_SPAN, effect.value - reach, effect.value + reach, *band], margin=0.06)
    middle = _HEIGHT / 2
    drawn = [svg.line("axis", 0, middle, 1, middle)]
    if known:
        left, right = scale.place(effect.reference_low), scale.place(effect.reference_high)
        drawn.append(svg.rectangle("reference", left, 6, max(0.004, right - left), _HEIGHT - 12))
    drawn.append(svg.line("zero", scale.place(0), 4, scale.place(0), _HEIGHT - 4))
    css = "for" if effect.bits > 0 else "against" if effect.bits < 0 else "neutral"
    drawn.append(
        svg.line(f"whisker {css}", scale.place(effect.value - reach), middle, scale.place(effect.value + reach), middle)
    )
    drawn.append(svg.circle(f"value {css}", scale.place(effect.value), middle, 5))
    title = (
        f"{sentences.effect_name(effect.test)}: {quantities.measured(effect.value, effect.standard_error)}, "
        f"{sentences.side(effect.bits)}"
    )
    if known:
        title += f"; 90 % of legitimate families lie from {quantities.span(*band)}"
    return svg.element("svg", *drawn, class_="row-picture", width="100%", height=_HEIGHT, role="img", aria_label=title)
