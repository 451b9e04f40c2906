"""Words of policies that several pages share."""

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from stillwatch.act.policy.activations import Activation
from stillwatch.act.policy.policy import Rule, duration_words
from stillwatch.report.previewed.words import over

__all__ = ["DONE", "SHARES", "UNITS", "changed_value", "done", "laid_out", "rate", "short", "without_command"]

_COMMAND: Final = re.compile(r"[:;,] (?:[^:;,]* )??stillwatch [a-z].*$", re.DOTALL)
_SHORT: Final = 12
_LONG: Final = 60

SHARES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "traffic": "exchanges, those of touched streams all counted",
        "organisations": "organisations",
        "tenured": "accounts older than 180 days",
    }
)
UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {"traffic": "exchanges", "organisations": "organisations", "tenured": "older accounts"}
)
DONE: Final[Mapping[str, str]] = MappingProxyType(
    {"activate": "put in force", "rollback": "rolled back", "stop": "stopped"}
)
_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "lasts_s": "lasts",
        "then": "action",
        "rate_per_minute": "requests a minute",
        "own_per_day": "of each stream a day",
    }
)


def short(version: str) -> str:
    """The first digits of a version: enough to tell it from others."""
    return version[:_SHORT]


def without_command(told: str) -> str:
    """What a rule says, without the command line's way on: pages show their own.

    >>> without_command("policy ab has no preview: stillwatch policy preview ab")
    'policy ab has no preview'
    >>> without_command("ada did stop meanwhile (number 3): look with stillwatch policy list, then try again")
    'ada did stop meanwhile (number 3)'
    """
    return _COMMAND.sub("", told)


def done(change: Activation) -> str:
    """What a change of what is in force did.

    >>> from datetime import UTC, datetime
    >>> done(Activation(1, "stop", None, 0, "ada", datetime(2026, 1, 1, tzinfo=UTC), 0, None))
    'stopped: nothing is in force'
    """
    what = DONE[change.how]
    if change.version is None:
        return f"{what}: nothing is in force"
    return f"{what}, at {change.stage} %" if change.how == "rollback" else f"{what} at {change.stage} %"


def laid_out(condition: str) -> str:
    r"""A condition as people read it: a long one with a part a line.

    >>> laid_out("a && b")
    'a && b'
    >>> laid_out('stream.accused && stream.verdict == "harvest" && stream.bits > 40')
    'stream.accused\n&& stream.verdict == "harvest"\n&& stream.bits > 40'
    """
    if len(condition) <= _LONG:
        return condition
    return condition.replace(" && ", "\n&& ").replace(" || ", "\n|| ")


def rate(rule: Rule) -> str:
    """What a throttle lets pass; empty for other actions."""
    if rule.rate_per_minute is None:
        return ""
    if rule.own_per_day is None:
        return f"{rule.rate_per_minute:g} requests a minute for each stream"
    return f"{rule.own_per_day:g} a day for each stream, then {rule.rate_per_minute:g} a minute for the whole campaign"


def changed_value(field: str, value: Any) -> tuple[str, str]:  # noqa: ANN401 - of any field of a policy
    """Name of a field, and its value, as people read them.

    >>> changed_value("lasts_s", 86400), changed_value("traffic", 0.02), changed_value("rate_per_minute", None)
    (('lasts', '1 day'), ('traffic', '2 %'), ('requests a minute', 'none'))
    """
    name = _FIELDS.get(field, field.replace("_", " "))
    if value is None:
        return name, "none"
    if field == "lasts_s":
        return name, duration_words(timedelta(seconds=float(value)))
    if field in SHARES:
        return name, over(float(value))
    if field == "when":
        return name, laid_out(str(value))
    if isinstance(value, list | tuple):
        return name, "\n".join(str(one) for one in value)
    return name, f"{value:g}" if isinstance(value, float) else str(value)
