"""Numbers as people read them; one spelling for tables, pages and sentences."""

import math
from datetime import UTC, datetime

__all__ = ["UNKNOWN", "bits", "clock", "count", "day", "effect", "moment", "share", "short", "usd"]

UNKNOWN = "not in the logs"

_STEPS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def count(n: int | None) -> str:
    """Whole number with thousands separated.

    >>> count(1234567), count(None)
    ('1,234,567', 'not in the logs')
    """
    return UNKNOWN if n is None else f"{n:,}"


def short(n: float | None) -> str:
    """Number to three digits with a decimal unit.

    >>> short(950), short(12_345), short(28_800_000)
    ('950', '12.3 k', '28.8 M')
    """
    if n is None or math.isnan(n):
        return UNKNOWN
    for step, unit in _STEPS:
        if abs(n) >= step * 0.9995:
            return f"{n / step:.3g} {unit}" if abs(n) < 999.5 * step else f"{n / step:,.0f} {unit}"
    return f"{n:.3g}"


def usd(cost_usd: float | None) -> str:
    """Price in US dollars.

    >>> usd(0.4), usd(1234.5), usd(None)
    ('$0.40', '$1,234', 'not in the logs')
    """
    if cost_usd is None or math.isnan(cost_usd):
        return UNKNOWN
    return f"${cost_usd:,.2f}" if abs(cost_usd) < 100 else f"${cost_usd:,.0f}"


def bits(value: float) -> str:
    """Evidence in bits, one decimal, with a true minus sign.

    >>> bits(31.25), bits(-4.0), bits(float("nan"))
    ('31.2', '\N{MINUS SIGN}4.0', '–')
    """
    if math.isnan(value):
        return "–"
    return f"{round(value, 1) + 0.0:,.1f}".replace("-", "\N{MINUS SIGN}")


def effect(value: float) -> str:
    """Effect of a structure test, two decimals.

    >>> effect(0.034), effect(-0.004), effect(float("nan"))
    ('0.03', '0.00', '–')
    """
    return "–" if math.isnan(value) else f"{round(value, 2) + 0.0:.2f}".replace("-", "\N{MINUS SIGN}")


def share(value: float) -> str:
    """Share from 0 to 1 as per cent; a small one is never rounded to none, nor a large one to all.

    >>> share(0.5), share(0.0004), share(0.9999), share(1.0)
    ('50 %', '<0.1 %', '>99.9 %', '100 %')
    """
    if math.isnan(value):
        return "–"
    if 0 < value < 0.001:
        return "<0.1 %"
    if 0.999 < value < 1:
        return ">99.9 %"
    return f"{100 * value:.3g} %"


def moment(time: datetime) -> str:
    """Time to the minute, UTC.

    >>> moment(datetime(2026, 3, 2, 14, 5, tzinfo=UTC))
    '2026-03-02 14:05 UTC'
    """
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


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
