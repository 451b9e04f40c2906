"""What can be asked of a planted campaign, and how it is written: ``kind:key=value,key=value``."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from stillwatch.errors import InvalidInput

__all__ = ["KEYS", "POLICIES", "Options", "Spec", "read_specs"]

POLICIES: tuple[str, ...] = ("uniform", "idle", "quotas", "sticky")


@dataclass(frozen=True, slots=True)
class Options:
    """How one campaign is run; None leaves it to the kind.

    accounts        At a time, 1 to 200,000.
    per_account     Harvested exchanges per account on average, at least 1; with `accounts` it sets the size.
    cover           Ordinary people's exchanges over the same accounts per harvested one, 0 to 30.
    policy          One of POLICIES: uniform; idle (least recently used, a conversation keeps its account); quotas
                    (equal rounds); sticky (workers that keep an account for an hour).
    payment_group   Accounts that share a means of payment, at least 1.
    lifetime_days   Mean days until an account is banned and replaced by a new one, 0.05 to 365.
    pivot_day       Day of the window on which a new model appears and the campaign begins to move there.
    """

    accounts: int | None = None
    per_account: float | None = None
    cover: float | None = None
    policy: str | None = None
    payment_group: int | None = None
    lifetime_days: float | None = None
    pivot_day: float | None = None

    def over(self, usual: "Options") -> "Options":
        """These options, and `usual` ones for what is None.

        >>> both = Options(cover=2.0).over(Options(cover=9.0, accounts=15))
        >>> both.cover, both.accounts
        (2.0, 15)
        """
        mine = {f.name: getattr(self, f.name) for f in fields(Options)}
        return Options(**{k: getattr(usual, k) if v is None else v for k, v in mine.items()})


class Spec(NamedTuple):
    """A kind of campaign and how to run it."""

    kind: str
    options: Options = Options()


def _whole(low: int, high: int) -> Callable[[str], int]:
    """Reader of whole numbers in a range."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10 and low <= int(text) <= high):
            message = f"must be a whole number from {low} to {high:,}"
            raise ValueError(message)
        return int(text)

    return read


def _number(low: float, high: float) -> Callable[[str], float]:
    """Reader of numbers in a range."""

    def read(text: str) -> float:
        message = f"must be a number from {low:g} to {high:,g}"
        try:
            value = float(text)
        except ValueError:
            raise ValueError(message) from None
        if not (math.isfinite(value) and low <= value <= high):
            raise ValueError(message)
        return value

    return read


def _policy(text: str) -> str:
    if text not in POLICIES:
        message = f"must be one of {', '.join(POLICIES)}"
        raise ValueError(message)
    return text


KEYS: Mapping[str, Callable[[str], Any]] = {
    "accounts": _whole(1, 200_000),
    "per_account": _number(1.0, 1e6),
    "cover": _number(0.0, 30.0),
    "policy": _policy,
    "payment_group": _whole(1, 200_000),
    "lifetime_days": _number(0.05, 365.0),
    "pivot_day": _number(0.0, 365.0),
}
"""What can be asked for, each with the function that reads it."""


def _read_options(spec: str, text: str, problems: list[str]) -> Options:
    """Options of one spec; what is wrong is added to `problems`."""
    found: dict[str, Any] = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key not in KEYS:
            problems.append(f"{spec}: {key or part!r} must be KEY=VALUE with a key among {', '.join(KEYS)}")
        elif key in found:
            problems.append(f"{spec}: {key} is given twice")
        else:
            try:
                found[key] = KEYS[key](value)
            except ValueError as error:
                problems.append(f"{spec}: {key} {error}, got {value!r}")
    return Options(**found)


def read_specs(texts: Sequence[str], kinds: Sequence[str], days: float) -> list[Spec]:
    """Read campaigns to plant.

    texts     ``kind`` or ``kind:key=value,key=value`` each.
    kinds     Kinds that there are.
    days      Length of the window; a pivot must lie inside.
    Raises    InvalidInput with everything that is wrong.

    >>> read_specs(["slow-drip:accounts=60,per_account=3"], ["slow-drip"], 14.0)[0].options.accounts
    60
    """
    problems: list[str] = []
    specs = []
    for text in texts:
        kind, colon, rest = (piece.strip() for piece in text.partition(":"))
        if kind not in kinds:
            problems.append(f"campaigns must be among {', '.join(kinds)}; got {kind!r}")
        options = _read_options(kind, rest, problems) if colon else Options()
        if options.pivot_day is not None and options.pivot_day >= days:
            problems.append(f"{kind}: pivot_day must be less than days={days:g}, got {options.pivot_day:g}")
        if kind == "one-per-account" and options.per_account not in {None, 1.0}:
            problems.append(f"{kind}: per_account must be 1, got {options.per_account:g}")
        specs.append(Spec(kind, options))
    if problems:
        raise InvalidInput("; ".join(dict.fromkeys(problems)))
    return specs
