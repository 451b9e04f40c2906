"""Read one rule, or one tier."""

from datetime import timedelta
from typing import Final

from stillwatch.act.policy.condition import Condition, condition_of
from stillwatch.act.policy.fields import Fields
from stillwatch.act.policy.guards import broken_guards, goes_beyond_observe, is_by_place, needs_stream, never
from stillwatch.act.policy.policy import Fails, Per, Rule, Tier
from stillwatch.act.policy.reason import wrong_reason
from stillwatch.act.policy.trial import fails_on_trial
from stillwatch.model.decision import Action

__all__ = [
    "LEAST_LASTS",
    "LEAST_OWN",
    "LEAST_RATE",
    "MOST_LASTS",
    "MOST_OWN",
    "MOST_RATE",
    "read_rule",
    "read_tier",
]

LEAST_LASTS: Final = timedelta(minutes=1)
MOST_LASTS: Final = timedelta(days=30)
LEAST_RATE: Final = 0.01
MOST_RATE: Final = 100_000.0
LEAST_OWN: Final = 1.0
"""Whoever is throttled by mistake with a campaign is still served once a day, whatever the others do."""
MOST_OWN: Final = 1_000_000.0
_LASTS: Final = timedelta(hours=1)
"""Of what need not end by itself."""
_KEYS: Final = ("name", "when", "then", "reason", "lasts", "rate_per_minute", "per", "own_per_day", "fails")


def read_rule(fields: Fields) -> Rule | None:
    """Rule of its table; None when anything is wrong with it, which is noted."""
    name = fields.name()
    when = _condition(fields)
    action = fields.choice("then", Action)
    reason = _reason(fields)
    lasts = _lasts(fields, action)
    rate = _rate(fields, action)
    own = _own(fields, action)
    fails = fields.choice("fails", Fails, Fails.OPEN)
    fields.end(_KEYS)
    if when is not None and action is not None:
        for problem in broken_guards(when, action):
            fields.wrong("when", problem)
    if fields.missed or None in (name, when, action, reason, lasts, fails):
        return None
    assert name and when and action and reason and lasts and fails  # noqa: S101, PT018 - for the type checker
    return Rule(name, when, action, reason, lasts, rate, fails, needs_stream(when), own)


def read_tier(fields: Fields) -> Tier | None:
    """Tier of its table; None when anything is wrong with it, which is noted."""
    name = fields.name()
    when = _condition(fields)
    reason = _reason(fields)
    fields.end(("name", "when", "reason"))
    if when is not None and any(used.startswith("risk.") for used in when.uses):
        fields.wrong("when", "a tier must not ask for the tier")
    if when is not None and is_by_place(when):
        fields.wrong("when", "a country or network must never be the only reason for a tier")
    if fields.missed or name is None or when is None or reason is None:
        return None
    return Tier(name, when, reason)


def _condition(fields: Fields) -> Condition | None:
    text = fields.text("when")
    if text is None:
        return None
    found, wrongs = condition_of(text)
    for wrong in wrongs:
        fields.wrong("when", f"{wrong} (character {wrong.at + 1} of the condition)")
    if found is None:
        return None
    if never(found):
        fields.wrong("when", "the condition can never be true")
    if failed := fails_on_trial(found):
        fields.wrong("when", failed)
    return found


def _reason(fields: Fields) -> str | None:
    text = fields.text("reason")
    if text is not None and (problem := wrong_reason(text)):
        fields.wrong("reason", problem)
        return None
    return text


def _lasts(fields: Fields, action: Action | None) -> timedelta | None:
    found = fields.lasting("lasts", LEAST_LASTS, MOST_LASTS)
    if found is None and "lasts" not in fields.missed:
        if action is not None and goes_beyond_observe(action):
            fields.wrong("lasts", f'{action} must end by itself: lasts = "24h", 1m to {MOST_LASTS.days}d')
        return _LASTS
    return found


def _rate(fields: Fields, action: Action | None) -> float | None:
    found = fields.number("rate_per_minute", LEAST_RATE, MOST_RATE)
    if found is None and action is Action.THROTTLE and "rate_per_minute" not in fields.missed:
        fields.wrong("rate_per_minute", "throttle must have a rate_per_minute")
    if found is not None and action is not None and action is not Action.THROTTLE:
        fields.wrong("rate_per_minute", f"rate_per_minute is of throttle, not of {action}")
    return found


def _own(fields: Fields, action: Action | None) -> float | None:
    """What each stream has for itself, of a throttle of a campaign."""
    told = fields.choice("per", Per, Per.STREAM)
    found = fields.number("own_per_day", LEAST_OWN, MOST_OWN)
    is_throttle = action in {None, Action.THROTTLE}
    if told is Per.CAMPAIGN and not is_throttle:
        fields.wrong("per", f"per is of throttle, not of {action}")
    if found is not None and not is_throttle:
        fields.wrong("own_per_day", f"own_per_day is of throttle, not of {action}")
    elif found is not None and told is Per.STREAM:
        fields.wrong("own_per_day", 'own_per_day is of a throttle with per = "campaign"')
    if found is None and told is Per.CAMPAIGN and "own_per_day" not in fields.missed:
        fields.wrong("own_per_day", 'a throttle with per = "campaign" must have an own_per_day of each stream')
    return found
