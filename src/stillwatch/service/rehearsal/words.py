"""Figures as a person reads them."""

from datetime import timedelta
from typing import Final

__all__ = ["counted", "lasted", "milliseconds", "percent", "short"]

_SHOWN: Final = 12
_SMALL: Final = 0.0995


def counted(n: int, what: str) -> str:
    """A number of things.

    >>> counted(1, "account"), counted(1200, "account")
    ('1 account', '1,200 accounts')
    """
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def lasted(span: timedelta) -> str:
    """A span of time.

    >>> lasted(timedelta(hours=11, minutes=5)), lasted(timedelta(days=2, hours=1)), lasted(timedelta(minutes=9))
    ('11 h 5 min', '2 d 1 h', '9 min')
    """
    minutes = int(span.total_seconds() // 60)
    days, hours = minutes // 1440, minutes % 1440 // 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def percent(share: float) -> str:
    """A share; small ones to a digit more, and none of them as nothing.

    >>> percent(0.421), percent(0.0123), percent(0.00004), percent(0.0)
    ('42 %', '1.2 %', '0.004 %', '0 %')
    """
    if not share:
        return "0 %"
    if share >= _SMALL:
        return f"{share * 100:.0f} %"
    return f"{share * 100:.1f} %" if share >= 0.001 else f"{share * 100:.1g} %"


def milliseconds(seconds: float) -> str:
    """A short time.

    >>> milliseconds(0.0014)
    '1.4 ms'
    """
    return f"{seconds * 1e3:.1f} ms"


def short(name: str) -> str:
    """The beginning of an id, as commands take it.

    >>> short("0123456789abcdef")
    '0123456789ab'
    """
    return name[:_SHOWN]
