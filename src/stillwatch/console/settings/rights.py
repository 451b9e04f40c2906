"""What rights mean, in words for the person who has them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from stillwatch.service.access.roles import Right

__all__ = ["RIGHT_WORDS"]

RIGHT_WORDS: Final[Mapping[Right, str]] = MappingProxyType(
    {
        Right.LOOK: "see campaigns, policies, sharing, traces and the audit log, without prompts and customers’ words",
        Right.WORK: "work on cases, draft and preview policies, test suspects",
        Right.REVEAL: "see one prompt at a time, with a reason that is recorded",
        Right.ANSWER: "read and answer appeals",
        Right.ACT: "put a policy in force within its limits, go back to an earlier one, take an indicator back",
        Right.APPROVE: "stand behind what another person puts in force, and tell other members",
        Right.ADMINISTER: "manage users and tokens, and see what the settings say",
    }
)
