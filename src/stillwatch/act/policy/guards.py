"""Guards that no policy can switch off, as far as they can be proved when it is read.

Each is a proof by `possible`: some facts are told, all others are left open, and the condition must come out false. It
then is false whatever the others are, not for samples of them. What is proved:

- An action beyond observe needs an accused stream: with no stream the condition is false for every account, address,
  partner and tier. So other traffic of an accused account is never touched, and the word of partners, for whom the same
  holds, cannot lead beyond observe without local evidence.
- A place is never the only reason, of any action, allow and observe included: with nothing known but the place the
  condition is false for every country and network. This does not prove that the other conditions of a rule weigh
  anything: `stream.accused && request.country == "XX"` is admitted, and what makes it harmless is the bar of the
  evidence behind `stream.accused`, which knows no countries.

Not here, because they need the request or the traffic: protected accounts and cleared streams (nothing beyond observe,
at the decision), blast radius (at activation and at the decision), the stage.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from stillwatch.act.policy.condition import Condition
from stillwatch.act.policy.expression.possible import UNTOLD
from stillwatch.act.policy.facts import FACTS
from stillwatch.model.campaign import Verdict
from stillwatch.model.decision import SEVERITY, Action

__all__ = ["always", "broken_guards", "goes_beyond_observe", "is_by_place", "needs_stream", "never", "other_verdicts"]

_NO_STREAM: Final[Mapping[str, Any]] = {f.name: f.unknown for f in FACTS if f.group == "stream"}
_ONLY_PLACE: Final[Mapping[str, Any]] = {f.name: f.unknown for f in FACTS if not f.is_place}
_PLACES: Final = frozenset(f.name for f in FACTS if f.is_place)
_ACCUSED: Final[Mapping[str, Any]] = {"stream.accused": True}
_GUILTY: Final = (Verdict.HARVEST, Verdict.RELAY)


def goes_beyond_observe(action: Action) -> bool:
    """Whether an action is felt or leaves a trace in what is served."""
    return SEVERITY[action] > SEVERITY[Action.OBSERVE]


def needs_stream(condition: Condition) -> bool:
    """Whether a condition is false for every request of no accused stream."""
    return condition.can_be(_NO_STREAM) is False


def is_by_place(condition: Condition) -> bool:
    """Whether a place alone may fulfil a condition."""
    return bool(condition.uses & _PLACES) and condition.can_be(_ONLY_PLACE) is not False


def always(condition: Condition, *, of_accused: bool = False) -> bool:
    """Whether a condition is true for every request, or for every one of an accused stream."""
    return condition.can_be(_ACCUSED if of_accused else {}) is True


def never(condition: Condition) -> bool:
    """Whether a condition is false for every request."""
    return condition.can_be({}) is False


def broken_guards(condition: Condition, action: Action) -> Iterator[str]:
    """What a rule would do that no rule may."""
    if is_by_place(condition):
        yield from _by_place()
    if not goes_beyond_observe(action) or needs_stream(condition):
        return
    yield (
        f"{action} must need an accused stream: the condition may match where there is none; "
        "join it with && to stream.accused"
    )
    if any(name.startswith("partner.") for name in condition.uses):
        yield f"the word of partners must not lead to {action} without local evidence: no accused stream is asked for"


def _by_place() -> Iterator[str]:
    yield (
        "a country or network must never be the only reason: with nothing else known the condition may still match; "
        "join it with && to evidence about the stream or account"
    )


def other_verdicts(condition: Condition) -> list[str]:
    """Verdicts other than harvest and relay that may fulfil a condition."""
    return [
        verdict.value
        for verdict in Verdict
        if verdict not in _GUILTY and condition.can_be({**_ACCUSED, "stream.verdict": verdict.value}) in {True, UNTOLD}
    ]
