"""What one policy does otherwise than another."""

from tests.act.policy.made import policy_of, rule_text

from stillwatch.act.policy.difference import Change, difference

TIER = '[[tier]]\nname = "t"\nwhen = "account.age_days < {}"\nreason = "new"'


def test_rule_by_rule() -> None:
    """Added, removed, changed with both values, moved; limits and tiers too; cases are no behaviour."""
    before = policy_of("[limits]\ntraffic = 0.01", TIER.format(3), *(rule_text(n) for n in ("a", "b", "c")))
    after = policy_of(
        "[limits]\ntraffic = 0.005",
        TIER.format(4),
        *(rule_text(n, rate_per_minute="9" if n == "c" else "6") for n in ("c", "a", "d")),
        '[[case]]\nname = "c"\nexpects = "observe"',
    )
    found = {(change.what, change.how): dict(change.fields) for change in difference(before, after)}
    assert found == {
        ("limits", "changed"): {"traffic": (0.01, 0.005)},
        ("tier t", "changed"): {"ways": (["account.age_days < 3: new"], ["account.age_days < 4: new"])},
        ("rule c", "changed"): {"rate_per_minute": (6.0, 9.0)},
        ("rule d", "added"): {},
        ("rule b", "removed"): {},
        ("rule c", "moved"): {"place": (2, 1)},
        ("rule a", "moved"): {"place": (1, 2)},
    }


def test_the_same() -> None:
    """A policy does nothing otherwise than itself, and back is the opposite of there."""
    one, other = policy_of(rule_text()), policy_of(rule_text(), rule_text("more"))
    assert difference(one, one) == []
    assert difference(one, other) == [Change("rule more", "added", {})]
    assert difference(other, one) == [Change("rule more", "removed", {})]


def test_a_rate_that_becomes_the_campaigns() -> None:
    """What only one of two rules tells is a change of nothing into something, and back."""
    stream = policy_of(rule_text())
    campaign = policy_of(rule_text(per='"campaign"', own_per_day="12"))
    (change,) = difference(stream, campaign)
    assert change.fields == {"per": (None, "campaign"), "own_per_day": (None, 12.0)}
    (back,) = difference(campaign, stream)
    assert back.fields == {"per": ("campaign", None), "own_per_day": (12.0, None)}
