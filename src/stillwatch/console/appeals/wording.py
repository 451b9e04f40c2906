"""Words of the console for where an appeal is, and for what was done."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from stillwatch.console.wording import WORDS
from stillwatch.model.decision import Action

__all__ = ["STATES_TOLD", "action_told"]

STATES_TOLD: Final[Mapping[str, str]] = MappingProxyType(
    {"filed": "not read yet", "looked-at": "being read", "upheld": "upheld", "denied": "denied"}
)


def action_told(action: Action | str | None) -> str:
    """What was done, as people say it.

    >>> action_told(Action.SUSPEND_STREAM), action_told(None)
    ('suspend the stream', 'not on record')
    """
    if action is None:
        return "not on record"
    return WORDS["action"].get(str(action), str(action))
