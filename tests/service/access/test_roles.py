"""Rights and roles: who may what, and that no role both does and allows."""

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.service.access.roles import RIGHTS, Right, Role, rights_of, roles_of

TABLE = {
    Role.VIEWER: {Right.LOOK},
    Role.ANALYST: {Right.LOOK, Right.WORK, Right.REVEAL, Right.ANSWER, Right.ACT},
    Role.APPROVER: {Right.LOOK, Right.WORK, Right.REVEAL, Right.ANSWER, Right.ACT, Right.APPROVE},
    Role.ADMIN: {Right.LOOK, Right.ADMINISTER},
}
"""Written out, so that a change of rights is made in two places."""


def test_each_role_has_the_rights_that_are_written_here() -> None:
    """Every role stands in the table, with exactly these rights; every right is somebody's."""
    assert {role: set(rights) for role, rights in RIGHTS.items()} == TABLE
    assert set(Role) == set(TABLE)
    assert frozenset().union(*TABLE.values()) == set(Right)


def test_whoever_administers_sees_no_prompt_and_approves_nothing() -> None:
    """Keys and prompts are never in one hand by one role."""
    assert not RIGHTS[Role.ADMIN] & {Right.REVEAL, Right.ANSWER, Right.ACT, Right.APPROVE, Right.WORK}
    assert [role for role in Role if Right.ADMINISTER in RIGHTS[role]] == [Role.ADMIN]
    assert [role for role in Role if Right.APPROVE in RIGHTS[role]] == [Role.APPROVER]


def test_rights_are_those_of_all_roles() -> None:
    """Two roles have what either has; no role has nothing."""
    assert rights_of([Role.VIEWER, Role.ADMIN]) == TABLE[Role.ADMIN]
    assert rights_of(Role) == set(Right)
    assert rights_of([]) == frozenset()


@pytest.mark.parametrize("names", [[], ["root"], ["admin", ""], ["Admin"], ["admin "], ["admin viewer"]])
def test_what_is_no_role(names: list[str]) -> None:
    """A name that is none, or none at all, is refused with the names that there are."""
    with pytest.raises(InvalidInput, match="one of viewer, analyst, approver, admin"):
        roles_of(names)


def test_a_wrong_name_is_told_within_bounds() -> None:
    """A megabyte as a role makes no megabyte of a message."""
    with pytest.raises(InvalidInput) as caught:
        roles_of(["x" * 1_000_000])
    assert len(str(caught.value)) < 200
    assert roles_of(["viewer", "viewer"]) == {Role.VIEWER}
