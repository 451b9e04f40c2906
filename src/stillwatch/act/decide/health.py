"""How a decider fares: what an operator is told, without account or prompt."""

from collections.abc import Mapping
from dataclasses import dataclass

from stillwatch.act.decide.radius import Alarm, Figures

__all__ = ["Health"]


@dataclass(frozen=True, slots=True)
class Health:
    """State of a decider.

    is_recording    Whether records become durable; while they do not, nothing new goes beyond observe.
    n_waiting       Records that are not durable yet.
    n_held          Streams with decisions.
    alarm           Why the policy in force, or one before it that still decides about some streams, does nothing beyond
                    observe; None when all may.
    figures         The window, and what the policy in force touched of it in the last 24 hours.
    counts          Decisions by action, by guard that softened them and by rule that could not be evaluated.
    problems        What is wrong, one sentence each.
    """

    is_recording: bool
    n_waiting: int
    n_held: int
    alarm: Alarm | None
    figures: Figures
    counts: Mapping[str, int]
    problems: tuple[str, ...]
