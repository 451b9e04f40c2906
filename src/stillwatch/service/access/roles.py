"""Who may do what at the console: rights, and the roles that hold them. Nothing else decides it.

Roles are told apart so that no single one can both do and allow, or see prompts and hand out keys: whoever administers
sees no prompt, whoever analyses approves nothing, and an approver's word counts beside another person's, never instead.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from stillwatch.errors import InvalidInput

__all__ = ["RIGHTS", "Right", "Role", "rights_of", "roles_of"]


class Right(StrEnum):
    """What a page or a form may ask for."""

    LOOK = "look"
    """See everything but prompts, statements of customers and other people's accounts at the console."""
    WORK = "work"
    """Cases, drafts and previews of policies, tests of suspects; whatever changes nothing for a customer."""
    REVEAL = "reveal"
    """See one prompt at a time, with a reason that is recorded."""
    ANSWER = "answer"
    """Read and answer appeals."""
    ACT = "act"
    """Put a policy in force within its limits, or go back; take an indicator back."""
    APPROVE = "approve"
    """Stand behind what another person puts in force; tell other members."""
    ADMINISTER = "administer"
    """Users, tokens, members, retention."""


class Role(StrEnum):
    """What a user is."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    APPROVER = "approver"
    ADMIN = "admin"


_ANALYST: Final = frozenset({Right.LOOK, Right.WORK, Right.REVEAL, Right.ANSWER, Right.ACT})

RIGHTS: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Right.LOOK}),
        Role.ANALYST: _ANALYST,
        Role.APPROVER: _ANALYST | {Right.APPROVE},
        Role.ADMIN: frozenset({Right.LOOK, Right.ADMINISTER}),
    }
)


def rights_of(roles: Iterable[Role]) -> frozenset[Right]:
    """All that any of the roles may do.

    >>> sorted(rights_of([Role.ADMIN]))
    [<Right.ADMINISTER: 'administer'>, <Right.LOOK: 'look'>]
    """
    return frozenset[Right]().union(*(RIGHTS[role] for role in roles))


def roles_of(names: Iterable[str]) -> frozenset[Role]:
    """Roles by their names.

    Raises      InvalidInput for a name that is none, or no name at all.

    >>> sorted(roles_of(["viewer", "admin"]))
    [<Role.ADMIN: 'admin'>, <Role.VIEWER: 'viewer'>]
    """
    found = frozenset(names)
    wrong = sorted(found - set(Role))
    if wrong or not found:
        message = f"a role must be one of {', '.join(Role)}, got {', '.join(wrong)[:100] or 'none'}"
        raise InvalidInput(message)
    return frozenset(Role(name) for name in found)
