"""What is run, from the words on the command line."""

import pytest

from stillwatch.bench.baselines import BASELINES
from stillwatch.bench.scoreboard.plan import make_plan, parse_scale, parse_seeds
from stillwatch.errors import InvalidInput

ALL = tuple(b.name for b in BASELINES)


def test_everything_is_run_when_nothing_is_named() -> None:
    """All worlds, all baselines, and the first alarms."""
    plan = make_plan(seeds=(100,), scale=0.05)
    assert (plan.worlds, plan.baselines, plan.leak) == (("campaigns", "evasions", "innocents", "dose"), ALL, True)


@pytest.mark.parametrize(
    ("only", "worlds", "scenarios", "n_baselines", "leak"),
    [
        (["innocents", "campaigns"], ("campaigns", "innocents"), (), 0, False),
        (["leak"], ("campaigns",), (), 0, True),
        (["baselines"], ("campaigns", "evasions", "innocents"), (), len(ALL), False),
        (["volume", "slow-drip"], ("campaigns",), ("slow-drip",), 1, False),
        (["small-ring"], ("evasions",), ("small-ring",), 0, False),
        (["dose"], ("dose",), (), 0, False),
    ],
)
def test_what_is_named_is_run_and_nothing_else(
    only: list[str], worlds: tuple[str, ...], scenarios: tuple[str, ...], n_baselines: int, *, leak: bool
) -> None:
    """A scenario brings its world, a baseline brings itself, first alarms bring the campaigns."""
    plan = make_plan(seeds=(100,), scale=0.05, only=only)
    assert (plan.worlds, plan.scenarios, len(plan.baselines), plan.leak) == (worlds, scenarios, n_baselines, leak)


def test_baselines_can_be_forced_and_forbidden() -> None:
    """The flag has the last word."""
    assert make_plan(seeds=(1,), scale=0.05, only=["campaigns"], baselines=True).baselines == ALL
    assert make_plan(seeds=(1,), scale=0.05, baselines=False).baselines == ()


def test_names_that_there_are_not_are_refused_with_those_that_there_are() -> None:
    """One message with the wrong names and the right ones."""
    with pytest.raises(InvalidInput, match=r"fraudar.*; got campains, doses"):
        make_plan(seeds=(1,), scale=0.05, only=["campains", "doses"])
    with pytest.raises(InvalidInput, match="generator must"):
        make_plan(seeds=(1,), scale=0.05, generator="fourth")


@pytest.mark.parametrize("text", ["", "a-b", "3-1", "1-99", "0", "7;8"])
def test_seeds_that_are_none_are_refused(text: str) -> None:
    """Neither letters nor empty nor endless ranges."""
    with pytest.raises(InvalidInput, match="--seeds"):
        parse_seeds(text)


@pytest.mark.parametrize("text", ["1/0", "2", "1/2000", "much", "nan"])
def test_scales_out_of_range_are_refused(text: str) -> None:
    """A thousandth to one."""
    with pytest.raises(InvalidInput, match="--scale"):
        parse_scale(text)
