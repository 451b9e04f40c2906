"""How much of everything there is."""

import pytest

from stillwatch.errors import InvalidInput
from stillwatch.simulate import CAMPAIGNS, DEFAULT
from stillwatch.simulate.plan import FULL_LEGITIMATE, Plan, make_plan


def by_name(plan: Plan) -> dict[str, int]:
    """Harvested exchanges of each campaign."""
    return {planned.name: planned.brief.n for planned in plan.campaigns}


def test_public_sizes() -> None:
    """Scale 1 has the sizes of the public disclosures, for the part that falls into the window."""
    month = by_name(make_plan(None, 1.0, 30.0, None, populated=True))
    assert (month["reasoning-harvest"], month["agentic-harvest"], month["pivot-harvest"]) == (
        150_000,
        3_400_000,
        13_000_000,
    )
    assert by_name(make_plan(None, 1.0, 45.0, None, populated=True))["big-summer"] == 28_800_000
    assert by_name(make_plan(None, 1.0, 14.0, None, populated=True))["big-summer"] == round(28_800_000 * 14 / 45)


def test_scale_is_linear() -> None:
    """Half of the scale is half of everything."""
    whole, half = (make_plan(None, scale, 14.0, None, populated=True) for scale in (0.1, 0.05))
    assert whole.legitimate == 2 * half.legitimate == FULL_LEGITIMATE // 10
    for name, n in by_name(half).items():
        assert abs(by_name(whole)[name] - 2 * n) <= 1
    assert [planned.name for planned in whole.campaigns] == [campaign.name for campaign in CAMPAIGNS]


def test_runs_of_exchanges_are_exact() -> None:
    """The campaigns' shares and the rest make what was asked for; five campaigns unless others are named."""
    plan = make_plan(100_001, None, 14.0, None, populated=True)
    assert plan.exchanges == 100_001
    assert tuple(by_name(plan)) == DEFAULT


def test_doses() -> None:
    """The same kind several times with different doses, each under a name of its own."""
    specs = ["slow-drip:accounts=60,per_account=3", "slow-drip:accounts=250,per_account=1", "slow-drip"]
    plan = make_plan(40_000, None, 14.0, specs, populated=True)
    assert by_name(plan) == {"slow-drip": 180, "slow-drip-2": 250, "slow-drip-3": 1_000}


def test_cover() -> None:
    """Cover is counted per harvested exchange; a kind's usual ratio gives way to the one asked for."""
    plan = make_plan(None, 0.01, 14.0, ["relay-mixed", "relay-mixed:cover=0", "slow-drip:cover=30"], populated=True)
    assert [planned.brief.n_cover for planned in plan.campaigns] == [13_500, 0, 45_000]


def test_too_much_is_refused() -> None:
    """Campaigns that take more than there is, or leave exchanges nobody sends, are refused."""
    for specs, populated in ((["big-summer:accounts=100,per_account=90"], True), (["slow-drip"], False)):
        with pytest.raises(InvalidInput, match="choose fewer, or some populations"):
            make_plan(5_000, None, 14.0, specs, populated=populated)
