"""Policies that come along do what they say."""

import pytest

from stillwatch.act.policy.cases import run_cases
from stillwatch.act.policy.limits import CEILINGS, names
from stillwatch.act.policy.order import warnings_of
from stillwatch.act.policy.packaged import PACKAGED, packaged
from stillwatch.act.policy.policy import Per
from stillwatch.errors import MissingData
from stillwatch.model.decision import Action


@pytest.mark.parametrize("name", PACKAGED)
def test_they_pass_their_cases(name: str) -> None:
    """Every case holds, every rule is met by one, and nothing is warned of."""
    policy = packaged(name)
    outcomes = run_cases(policy)
    assert [one.case.name for one in outcomes if not one.passes] == []
    assert {one.rule for one in outcomes} >= {rule.name for rule in policy.rules}
    assert warnings_of(policy) == []
    assert all(getattr(policy.limits, share) < getattr(CEILINGS, share) for share in names())


@pytest.mark.parametrize(("name", "least"), [("default", 12), ("strict", 3)])
def test_a_harvest_is_throttled_whole(name: str, least: float) -> None:
    """Rates are of the campaign, well under what 20 accounts of a harvest send, and each stream has some of its own."""
    throttles = [rule for rule in packaged(name).rules if "harvest" in rule.name and rule.action is Action.THROTTLE]
    assert throttles
    for rule in throttles:
        assert rule.per is Per.CAMPAIGN
        assert rule.rate_per_minute is not None
        assert rule.rate_per_minute * 1440 < 20 * 26 / 2
        assert least <= (rule.own_per_day or 0) < 26 / 2
        assert f"{rule.own_per_day:g} requests of this kind a day" in rule.says()


def test_no_other_comes_along() -> None:
    """A path is no name."""
    with pytest.raises(MissingData, match="there are default, strict"):
        packaged("../default")
