"""How fast a signal goes stale, by kind: half-lives, the age at which it is gone, and how far ahead it may be valid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from stillwatch.model.indicator import Indicator, SignalKind, Tag

__all__ = ["LIVES", "Life", "live_tags", "longest_life", "validity_problems", "weight"]

_SKEW: Final = timedelta(minutes=2)
"""How far two members' clocks may differ."""


@dataclass(frozen=True, slots=True)
class Life:
    """How long a kind of signal is worth something.

    half_life   After so long it is worth half.
    expiry      After so long it is worth nothing, and no indicator may be valid for longer because of it.
    """

    half_life: timedelta
    expiry: timedelta
    reason: str


LIVES: Final[Mapping[SignalKind, Life]] = MappingProxyType(
    {
        SignalKind.ADDRESS: Life(
            timedelta(hours=12),
            timedelta(days=3),
            "residential proxies and carrier NAT hand an address to somebody else within hours to a day",
        ),
        SignalKind.NETWORK: Life(
            timedelta(days=3),
            timedelta(days=14),
            "a proxy network rents prefixes by the week or month and its customers move within them",
        ),
        SignalKind.EMAIL_DOMAIN: Life(
            timedelta(days=14),
            timedelta(days=60),
            "a domain costs money and is used for as many sign-ups as it lasts, some weeks",
        ),
        SignalKind.PAYMENT: Life(
            timedelta(days=21),
            timedelta(days=90),
            "cards are bought in lots, charged monthly and dropped when charges fail",
        ),
        SignalKind.TLS: Life(
            timedelta(days=14),
            timedelta(days=60),
            "a fingerprint lives as long as a build of the client, and builds are replaced within weeks",
        ),
        SignalKind.BAND: Life(
            timedelta(days=21),
            timedelta(days=90),
            "templates outlive everything around them: they are rewritten for a new model or a new question list",
        ),
    }
)
"""Behaviour told in clear lives as bands do."""


def weight(kind: SignalKind, seen: datetime, now: datetime) -> float:
    """What is left of a signal's worth, 1 to 0: halved every half-life, nothing from the expiry on.

    seen        When it was last known to be true; a time after `now` counts as now.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    >>> [weight(SignalKind.ADDRESS, noon, noon + timedelta(hours=h)) for h in (0, 12, 24, 72)]
    [1.0, 0.5, 0.25, 0.0]
    """
    life = LIVES[kind]
    age = max(now - seen, timedelta())
    return 0.0 if age >= life.expiry else 0.5 ** (age / life.half_life)


def live_tags(indicator: Indicator, now: datetime) -> Mapping[Tag, float]:
    """Tags that are worth something, with their weight; none before the indicator is valid nor after."""
    if not indicator.valid_from - _SKEW <= now < indicator.valid_until:
        return {}
    weighed = {tag: weight(tag.kind, indicator.modified, now) for tag in indicator.tags}
    return {tag: left for tag, left in weighed.items() if left > 0}


def longest_life(indicator: Indicator) -> timedelta:
    """How long an indicator may be valid: as long as its longest-lived kind; its behaviour counts as bands do."""
    behaviour = indicator.behaviour
    kinds = {tag.kind for tag in indicator.tags}
    if behaviour.elicitation or behaviour.capabilities or behaviour.week or behaviour.gaps or behaviour.builds:
        kinds.add(SignalKind.BAND)
    return max((LIVES[kind].expiry for kind in kinds), default=timedelta())


def validity_problems(indicator: Indicator, now: datetime) -> tuple[str, ...]:
    """Everything that is wrong with an indicator's times at publication; empty when nothing is."""
    longest = longest_life(indicator)
    times = {
        name: getattr(indicator, name) for name in ("created", "modified", "valid_from", "valid_until", "quiet_until")
    }
    naive = [name for name, at in times.items() if at is not None and at.utcoffset() != timedelta()]
    if naive:
        return tuple(f"{name} must be in UTC" for name in naive)
    checks = {
        "created must not be after modified": indicator.created > indicator.modified,
        "modified must not be in the future": indicator.modified > now + _SKEW,
        "valid_from must not be before created": indicator.valid_from < indicator.created,
        "valid_until must be after valid_from": indicator.valid_until <= indicator.valid_from,
        "valid_until must be after now": indicator.valid_until <= now,
        f"valid_until must be at most {longest.days} days after modified": (
            indicator.valid_until > indicator.modified + longest
        ),
    }
    return tuple(message for message, is_wrong in checks.items() if is_wrong)
