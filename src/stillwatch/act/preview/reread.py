"""A recorded preview as the preview that it was, without what was not kept: who it was about."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from stillwatch.act.policy.limits import needs
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import Preview
from stillwatch.act.preview.figures import (
    BandRow,
    Breakdown,
    Control,
    Count,
    Doubt,
    Effect,
    Felt,
    GuardRow,
    Later,
    Objections,
    Previewed,
    Promised,
    RuleRow,
)
from stillwatch.model.decision import Action

__all__ = ["reread"]

Told = Mapping[str, Any]


def reread(preview: Preview, policy: Policy) -> Previewed | None:
    """What was recorded; None when its figures are of another form, such as those of an older program.

    Hard cases, single campaigns and labels that clients choose are not in it: they were never kept.

    policy      Of which it was a preview: its limits say who must stand behind it.
    """
    try:
        return _reread(preview, policy, preview.figures)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _reread(preview: Preview, policy: Policy, told: Told) -> Previewed:
    return Previewed(
        name=policy.name,
        version=preview.version,
        start=preview.window_start,
        end=preview.window_end,
        digest=preview.digest,
        stage=1.0,
        traffic=Count(**told["traffic"]),
        touched=Count(**told["touched"]),
        refused=int(told["refused"]),
        n_tenured=int(told["n_tenured"]),
        touched_tenured=int(told["touched_tenured"]),
        shares=preview.shares,
        limits=policy.limits,
        needs=needs(preview.shares, policy.limits),
        rules=tuple(_rule(one) for one in told["rules"]),
        guards=tuple(GuardRow(one["guard"], one["why"], Count(**one["count"])) for one in told["guards"]),
        breakdowns=tuple(Breakdown(one["name"], tuple(map(_band, one["rows"]))) for one in told["breakdowns"]),
        hardest=(),
        doubt=_doubt(told["doubt"]),
        felt=tuple(_felt(one) for one in told["felt"]),
        effects=tuple(_effect(one) for one in told["campaigns"]),
        failed=(),
    )


def _rule(told: Told) -> RuleRow:
    return RuleRow(told["rule"], Action(told["action"]), Count(**told["count"]), int(told["refused"]))


def _band(told: Told) -> BandRow:
    by_action = {Action(action): int(n) for action, n in told["by_action"].items()}
    return BandRow(told["label"], told["n_exchanges"], told["n_accounts"], Count(**told["touched"]), by_action)


def _doubt(told: Told) -> Doubt:
    promised, objections = told["promised"], told["objections"]
    return Doubt(
        None if promised is None else Promised(**promised),
        tuple(Control(**one) for one in told["controls"]),
        None if objections is None else Objections(**objections),
    )


def _felt(told: Told) -> Felt:
    action = None if told["action"] is None else Action(told["action"])
    return Felt(action, told["n_hours"], _pair(told["requests"]), _pair(told["refused"]))


def _pair(told: Sequence[float]) -> tuple[float, float]:
    middle, bad = told
    return float(middle), float(bad)


def _effect(told: Told) -> Effect:
    return Effect(
        campaign_id=None,
        verdict=None,
        exchanges=told["exchanges"],
        output_tokens=told["output_tokens"],
        withheld=told["withheld"],
        withheld_tokens=told["withheld_tokens"],
        altered=told["altered"],
        later=tuple(_later(one) for one in told["later"]),
        since_found=None if told["since_found"] is None else _later(told["since_found"]),
    )


def _later(told: Told) -> Later:
    return Later(timedelta(seconds=told["after"]), told["exchanges"], told["output_tokens"])
