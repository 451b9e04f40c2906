"""How old a calibration is, what it rests on, and how many units stand behind each claim."""

from stillwatch.model.calibration import Bar
from stillwatch.model.campaign import Campaign
from stillwatch.model.findings import Findings
from stillwatch.report import quantities, sentences, wording

__all__ = ["bar_sentence", "behind", "calibration_line", "facts", "warnings"]

OLD_DAYS = 90
"""A calibration older than this is said to be old: customers, tools and attackers change with the season."""

_FEW = 20
_MOST_NAMED = 4


def calibration_line(findings: Findings) -> str:
    """One sentence on age and units; empty for the default reference, of which `reference_warning` speaks."""
    made, age = findings.calibration, findings.calibration_age_days
    if made is None or age is None or findings.is_default_reference:
        return ""
    if not made.n_own:
        return f"Reference made {_ago(age)} of {quantities.count(made.n_simulated)} simulated units, none of your own."
    window = f", {quantities.day(made.first)} to {quantities.day(made.last)}" if made.first and made.last else ""
    others = f", and {quantities.count(made.n_simulated)} simulated ones" if made.n_simulated else ""
    return f"Calibrated {_ago(age)} on {_counted(made.n_own, 'own unit')}{window}{others}."


def warnings(findings: Findings) -> list[str]:
    """What makes a calibration weak here: its age, and kinds of families it hardly knows; none for the default one."""
    if findings.is_default_reference:
        return []
    found = []
    age = findings.calibration_age_days
    if age is not None and age > OLD_DAYS:
        found.append(f"The calibration is older than {OLD_DAYS} days: run 'stillwatch calibrate' on newer traffic.")
    if findings.beyond_calibration:
        kinds = sorted(findings.beyond_calibration.items(), key=lambda item: (-item[1], item[0]))
        named = ", ".join(f"{quantities.count(n)} of {_kind(kind)}" for kind, n in kinds[:_MOST_NAMED])
        more = " and others" if len(kinds) > _MOST_NAMED else ""
        found.append(
            f"Families with fewer than {_FEW} comparable units behind the bar: {named}{more}. "
            "What is said of such families rests on other kinds."
        )
    return found


def facts(findings: Findings) -> list[str]:
    """Bars by size, and what the calibration left out."""
    found = [bar_sentence(bar) for bar in findings.bars]
    made = findings.calibration
    if made is not None and made.n_own:
        found.append(
            f"Calibrated on {quantities.count(made.exchanges.get('used', 0))} of "
            f"{quantities.count(made.exchanges.get('read', 0))} exchanges: "
            f"{quantities.count(made.exchanges.get('recent', 0))} were younger than {made.lag_days:g} days, "
            f"{quantities.count(made.exchanges.get('excluded', 0))} of excluded accounts."
        )
    return found


def bar_sentence(bar: Bar) -> str:
    """Bar of one size class with the units behind it and what they promise.

    >>> bar_sentence(Bar(20, None, 11.7, 1204, 1204, 0, 1 / 1205))
    'Bar for 20 accounts and more: 11.7 bits, from 1,204 own units; one new unit like these in 1,205 reaches it.'
    """
    size = f"{bar.low} accounts and more" if bar.high is None else f"{bar.low} to {bar.high - 1} accounts"
    simulated = bar.n_units - bar.n_own
    parts = [_counted(bar.n_own, "own unit")] if bar.n_own else []
    parts += [_counted(simulated, "simulated unit")] if simulated or not bar.n_own else []
    above = f" ({_counted(bar.n_above, 'unit')} over it)" if bar.n_above else ""
    return (
        f"Bar for {size}: {quantities.bits(bar.bits)} bits, from {' and '.join(parts)}{above}; "
        f"one new unit like these in {quantities.count(round(1 / bar.alpha))} reaches it."
    )


def behind(campaign: Campaign, findings: Findings) -> list[str]:
    """Units comparable with the strongest family of a campaign; empty when the reference does not say."""
    n = findings.comparable_units.get(campaign.campaign_id)
    if n is None:
        return []
    few = f" Fewer than {_FEW} is few: the bar then rests on other kinds of families." if n < _FEW else ""
    have = f"{_counted(n, 'legitimate unit')} of the reference {'has' if n == 1 else 'have'}"
    return [f"{have} a family of the same view and half to twice as many accounts.{few}"]


def _ago(age_days: float) -> str:
    days = max(0, int(age_days))
    return "today" if not days else f"{_counted(days, 'day')} ago"


def _counted(n: int, noun: str) -> str:
    return f"{quantities.count(n)} {noun}{'' if n == 1 else 's'}"


def _kind(kind: str) -> str:
    """View and size class, such as ``client 10-19``, in words."""
    view, _, size = kind.partition(" ")
    name = wording.VIEWS[view].name if view in wording.VIEWS else sentences.named(view, 20)
    return f"view {name} with {sentences.named(size, 20)} accounts"
