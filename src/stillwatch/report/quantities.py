"""Numbers as people read them; one spelling for tables, pages and sentences."""

import math
from datetime import UTC, datetime

__all__ = ["UNKNOWN", "bits", "clock", "count", "day", "effect", "measured", "moment", "share", "short", "span", "usd"]

UNKNOWN = "not in the logs"

_STEPS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def count(n: int | None) -> str:
    """Whole number with thousands separated.

    >>> count(1234567), count(None)
    ('1,234,567', 'not in the logs')
    """
    return UNKNOWN if n is None else f"{n:,}"


def short(n: float | None) -> str:
    """Number with a decimal unit, to a tenth of it below a hundred.

    >>> short(950), short(12_345), short(2_900_000), short(638_200)
    ('950', '12.3 k', '2.9 M', '638 k')
    """
    if n is None or math.isnan(n):
        return UNKNOWN
    for step, unit in _STEPS:
        if abs(n) >= step * 0.9995:
            return f"{n / step:.1f} {unit}" if abs(n) < 99.95 * step else f"{n / step:,.0f} {unit}"
    return f"{n:.3g}"


def usd(cost_usd: float | None) -> str:
    """Price in US dollars.

    >>> usd(0.4), usd(1234.5), usd(None)
    ('$0.40', '$1,234', 'not in the logs')
    """
    if cost_usd is None or math.isnan(cost_usd):
        return UNKNOWN
    return f"${cost_usd:,.2f}" if abs(cost_usd) < 9.995 else f"${cost_usd:,.0f}"


def bits(value: float) -> str:
    """Evidence in bits with a true minus sign, to a tenth below a hundred.

    >>> bits(31.25), bits(-4.0), bits(9477.2), bits(float("nan"))
    ('31.2', '\N{MINUS SIGN}4.0', '9,477', '–')
    """
    if math.isnan(value):
        return "–"
    digits = 1 if abs(value) < 99.95 else 0
    return f"{round(value, digits) + 0.0:,.{digits}f}".replace("-", "\N{MINUS SIGN}")


def effect(value: float, digits: int = 2) -> str:
    """Effect of a structure test.

    >>> effect(0.034), effect(-0.004), effect(-0.004, 3), effect(float("nan"))
    ('0.03', '0.00', '\N{MINUS SIGN}0.004', '–')
    """
    return "–" if math.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")


def measured(value: float, error: float) -> str:
    """Effect with its standard error, to the digits that the error allows.

    >>> measured(0.034, 0.1), measured(-0.0018, 0.0013), measured(1.0, 0.0001)
    ('0.03 ± 0.10', '\N{MINUS SIGN}0.002 ± 0.001', '1.000 ± <0.001')
    """
    digits = 2 if error >= 0.01 else 3
    return f"{effect(value, digits)} ± {effect(error, digits) if error >= 0.0005 else '<0.001'}"


def span(low: float, high: float) -> str:
    """Range of effects, to the digits that its width asks for.

    >>> span(0.105, 0.919), span(-0.0103, 0.0575), span(0.0, 0.0)
    ('0.10 to 0.92', '\N{MINUS SIGN}0.010 to 0.058', '0 only')
    """
    if low == high:
        return f"{low:g} only".replace("-", "\N{MINUS SIGN}")
    digits = 2 if high - low >= 0.2 else 3
    return f"{effect(low, digits)} to {effect(high, digits)}"


def share(value: float) -> str:
    """Share from 0 to 1 as per cent; a small one is never rounded to none, nor a large one to all.

    >>> share(0.5), share(0.0113), share(0.0004), share(0.9999), share(1.0)
    ('50 %', '1.1 %', '<0.1 %', '>99.9 %', '100 %')
    """
    if math.isnan(value):
        return "–"
    if 0 < value < 0.001:
        return "<0.1 %"
    if 0.999 < value < 1:
        return ">99.9 %"
    return f"{100 * value:.1f} %" if 0 < value < 0.0995 or 0.99 < value < 1 else f"{100 * value:.0f} %"


def moment(time: datetime) -> str:
    """Time to the minute, UTC.

    >>> moment(datetime(2026, 3, 2, 14, 5, tzinfo=UTC))
    '2 Mar 2026, 14:05 UTC'
    """
    there = time.astimezone(UTC)
    return f"{there.day} {there:%b %Y, %H:%M} UTC"


def day(time: datetime) -> str:
    """Day, UTC.

    >>> day(datetime(2026, 3, 2, 14, 5, tzinfo=UTC))
    '2026-03-02'
    """
    return time.astimezone(UTC).strftime("%Y-%m-%d")


def clock(time: datetime) -> str:
    """Time of day, UTC.

    >>> clock(datetime(2026, 3, 2, 14, 5, tzinfo=UTC))
    '14:05 UTC'
    """
    return time.astimezone(UTC).strftime("%H:%M UTC")
