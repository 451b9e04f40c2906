"""Words of the console that several pages share."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = ["WORDS"]

WORDS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "state": {
            "open": "open",
            "investigating": "being looked at",
            "acted": "acted on",
            "closed": "closed",
        },
        "closed": {
            "ended": "the campaign has ended",
            "legitimate": "legitimate after all",
            "handed-over": "handed over",
            "merged": "part of another campaign",
        },
        "action": {
            "allow": "allow",
            "observe": "observe",
            "mark": "mark",
            "throttle": "throttle",
            "withhold_reasoning": "withhold reasoning",
            "degrade": "degrade",
            "step_up": "step up",
            "block": "block",
            "suspend_stream": "suspend the stream",
        },
        "role": {
            "viewer": "sees everything but prompts and customers’ words",
            "analyst": "works on cases, reveals prompts, answers appeals, puts policies in force within their limits",
            "approver": "an analyst who also stands behind what others put in force, and tells other members",
            "admin": "manages users, tokens and settings; sees no prompts",
        },
    }
)
