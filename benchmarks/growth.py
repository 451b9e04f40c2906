"""How a cost grows with the size of the input: power laws by least squares, as tables and pictures."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from stillwatch.bench.line_plot import Axis, Line, plot

__all__ = ["Power", "decades", "exponent_words", "fit_power", "markdown", "picture", "pretty_bytes", "pretty_count"]

_UNITS = (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


class Power(NamedTuple):
    """``value = factor * size ** exponent``; NaN when fewer than two sizes were measured."""

    exponent: float
    factor: float

    def at(self, size: float) -> float:
        """Value at a size.

        >>> Power(1.0, 2.0).at(3.0)
        6.0
        """
        return float(self.factor * size**self.exponent)


def fit_power(sizes: Sequence[float], values: Sequence[float]) -> Power:
    """Least squares of log value against log size; sizes without a positive value are left out.

    >>> power = fit_power([1, 2, 4], [3, 6, 12])
    >>> round(power.exponent, 6), round(power.factor, 6)
    (1.0, 3.0)
    """
    pairs = [(size, value) for size, value in zip(sizes, values, strict=True) if size > 0 and value > 0]
    if len({size for size, _ in pairs}) < 2:
        return Power(float("nan"), float("nan"))
    x, y = np.log(np.array(pairs)).T
    slope, intercept = np.polyfit(x, y, 1)
    return Power(float(slope), float(np.exp(intercept)))


def exponent_words(sizes: Sequence[float], values: Sequence[float], least: float = 0.0) -> str:
    """Fitted exponent over the sizes from `least` on, a dash when there are fewer than two.

    >>> exponent_words([1, 2, 4], [1, 4, 16]), exponent_words([1, 2], [1, 2], least=2)
    ('2.00', '-')
    """
    kept = [(size, value) for size, value in zip(sizes, values, strict=True) if size >= least]
    exponent = fit_power([size for size, _ in kept], [value for _, value in kept]).exponent
    return "-" if np.isnan(exponent) else f"{exponent:.2f}"


def markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown.

    >>> print(markdown(("a", "b"), [("1", "2")]))
    | a | b |
    | --- | --- |
    | 1 | 2 |
    """
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def pretty_bytes(size_bytes: float) -> str:
    """Three digits and a decimal unit.

    >>> pretty_bytes(512), pretty_bytes(1.234e9), pretty_bytes(45.6e12)
    ('512 B', '1.23 GB', '45.6 TB')
    """
    for unit, one in _UNITS:
        if size_bytes >= one:
            return f"{_three(size_bytes / one)} {unit}"
    return f"{size_bytes:.0f} B"


def pretty_count(number: float) -> str:
    """Three digits and a word people read faster than zeros.

    >>> pretty_count(250_000), pretty_count(16e6), pretty_count(2.5e9), pretty_count(3.21)
    ('250 thousand', '16 million', '2.5 billion', '3.21')
    """
    for word, one in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6), ("thousand", 1e3)):
        if number >= one:
            return f"{_plain(number / one)} {word}"
    return _plain(number)


def _plain(value: float) -> str:
    """Three digits without zeros at the end, in groups of three from 1,000 on."""
    words = _three(value)
    return words if "," in words else f"{float(words):g}"


def _three(value: float) -> str:
    return f"{value:.{max(0, 2 - int(np.floor(np.log10(max(value, 1e-9)))))}f}" if value < 1000 else f"{value:,.0f}"


def decades(low: float, high: float, name: str) -> Axis:
    """A logarithmic axis from a power of ten to a power of ten; coordinates are log10 of the values.

    >>> decades(0.3, 20, "s").ticks
    {-1.0: '0.1', 0.0: '1', 1.0: '10', 2.0: '100'}
    """
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    last = max(last, first + 1)
    return Axis(name, first, last, {float(p): f"{10.0**p:,.15g}" for p in range(first, last + 1)})


def picture(title: str, label: str, sizes: Sequence[float], curves: Mapping[str, Sequence[float]]) -> str:
    """Curves against size, both axes logarithmic, and a dashed line for proportional growth from the first curve.

    sizes   Millions of exchanges, ascending.
    """
    x = np.log10(np.array(sizes, float))
    values = {name: np.array(curve, float) for name, curve in curves.items()}
    seen = np.concatenate([curve[curve > 0] for curve in values.values()])
    across = decades(min(sizes), max(sizes), "million exchanges")
    lines = [
        Line(name, x, np.log10(np.where(curve > 0, curve, np.nan)), is_dots=False) for name, curve in values.items()
    ]
    start = next(iter(values.values()))[0]
    lines.append(Line("proportional", x, np.log10(start) + x - x[0], is_bound=True))
    return plot(title, across, decades(float(seen.min()), float(seen.max()), label), lines)
