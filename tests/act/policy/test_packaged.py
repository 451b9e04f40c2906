"""Policies that come along do what they say."""

import pytest

from stillwatch.act.policy.cases import run_cases
from stillwatch.act.policy.limits import CEILINGS, names
from stillwatch.act.policy.order import warnings_of
from stillwatch.act.policy.packaged import PACKAGED, packaged
from stillwatch.errors import MissingData


@pytest.mark.parametrize("name", PACKAGED)
def test_they_pass_their_cases(name: str) -> None:
    """Every case holds, every rule is met by one, and nothing is warned of."""
    policy = packaged(name)
    outcomes = run_cases(policy)
    assert [one.case.name for one in outcomes if not one.passes] == []
    assert {one.rule for one in outcomes} >= {rule.name for rule in policy.rules}
    assert warnings_of(policy) == []
    assert all(getattr(policy.limits, share) < getattr(CEILINGS, share) for share in names())


def test_no_other_comes_along() -> None:
    """A path is no name."""
    with pytest.raises(MissingData, match="there are default, strict"):
        packaged("../default")
