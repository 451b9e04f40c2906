"""Sentences about a preview. They claim what the numbers say and no more: nobody is called guilty or innocent."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from stillwatch.act.policy.limits import BEYOND_APPROVAL, CEILINGS, Needs, approved
from stillwatch.act.preview.figures import (
    Control,
    Doubt,
    Effect,
    Felt,
    HardCase,
    Later,
    Objections,
    Previewed,
    Promised,
)
from stillwatch.model.decision import Action
from stillwatch.report import quantities

__all__ = [
    "ACTIONS",
    "DISCLAIMER",
    "HARDNESS",
    "NEEDS",
    "REGION",
    "SHARES",
    "SIGNS",
    "NeedsWords",
    "after",
    "control",
    "controls",
    "doubts",
    "effect",
    "expected",
    "felt",
    "limits",
    "over",
    "reasons",
    "summary",
]


class NeedsWords(NamedTuple):
    """Who must stand behind an activation, in words."""

    headline: str
    meaning: str


NEEDS: Final[Mapping[Needs, NeedsWords]] = {
    Needs.ONE: NeedsWords(
        "May be activated by one person", "What it touches is within the limits that the policy sets itself."
    ),
    Needs.TWO: NeedsWords(
        "Needs a second person", "It touches more than the policy's limits let one person decide; another must approve."
    ),
    Needs.REFUSED: NeedsWords(
        "Refused", "It touches more than anybody can approve. Narrow its conditions, and preview it again."
    ),
}
SHARES: Final[Mapping[str, str]] = {
    "traffic": "of exchanges, those of touched streams all counted",
    "organisations": "of organisations",
    "tenured": "of accounts older than 180 days",
}
ACTIONS: Final[Mapping[Action, str]] = {
    Action.ALLOW: "allowed",
    Action.OBSERVE: "observed",
    Action.MARK: "marked",
    Action.THROTTLE: "throttled",
    Action.WITHHOLD_REASONING: "without reasoning",
    Action.DEGRADE: "degraded",
    Action.STEP_UP: "asked to step up",
    Action.BLOCK: "blocked",
    Action.SUSPEND_STREAM: "stream suspended",
}
SIGNS: Final[Mapping[str, tuple[str, str, str]]] = {
    "verified": ("verified by a person", "is verified by a person", "are verified by a person"),
    "tenured": ("older than 180 days", "is older than 180 days", "are older than 180 days"),
    "declared": ("a declared use", "has a declared use", "have a declared use"),
}
"""As a head, of one account, of several."""
HARDNESS: Final = (
    "Hardness is the mean of five marks from 0 to 1: evidence near the bar (1 at the bar, 0 at ten bits over it), weak "
    "attribution (1 at no bits, 0 at ten), tenure (1 from two years on), verified level (1 when a person verified the "
    "business), and the share of the account's exchanges that is not accused. What is not known speaks for the "
    "customer. It is an order to read in, not a chance of being wrong: a stream that is touched wrongly may have no "
    "high mark at all."
)
DISCLAIMER: Final = (
    "A preview says what a policy would have done about exchanges in this window. It is not a finding that any "
    "customer broke terms or law, and no figure here is a probability about any one customer."
)
REGION: Final = "Country of the address, as the logs tell it, to be looked at only: no policy can act on a place alone."


def summary(found: Previewed) -> str:
    """What was looked at and what is touched."""
    window = f"{quantities.moment(found.start)} to {quantities.moment(found.end)}"
    seen = f"{_counted(found.traffic.exchanges, 'exchange')} of {_counted(found.traffic.accounts, 'account')}"
    stage = "" if found.stage >= 1 else f" in a stage of {quantities.share(found.stage)} of accused streams"
    if not found.touched.exchanges:
        return f"{window}: of {seen} nothing would have been touched{stage}."
    n_touched = found.touched.exchanges
    touched, share = quantities.count(n_touched), quantities.share(n_touched / found.traffic.exchanges)
    who = f"{_counted(found.touched.accounts, 'account')} of {_counted(found.touched.organisations, 'organisation')}"
    return f"{window}: of {seen}, {touched} ({share}) of {who} would have been touched{stage}."


def limits(found: Previewed) -> Iterator[tuple[str, float, float, float, str]]:
    """Name, share, limit for one person, limit for anybody, and a sentence."""
    for name, words in SHARES.items():
        share = found.shares[name]
        one = min(getattr(found.limits, name), getattr(CEILINGS, name))
        most = getattr(BEYOND_APPROVAL, name)
        told = f"{quantities.share(share)} {words}; one person may decide up to {over(one)}, two up to {over(most)}"
        if share > one and share <= most:
            told += f"; once approved it stops beyond {over(getattr(approved(found.limits, found.shares), name))}"
        yield name, share, one, most, told


def over(share: float) -> str:
    """A limit, to the digits it has.

    >>> over(0.02), over(0.001), over(0.025)
    ('2 %', '0.1 %', '2.5 %')
    """
    return f"{100 * share:g} %"


def reasons(case: HardCase) -> list[str]:
    """Why a case is hard, what weighs most first, then what was declared."""
    said = [_mark(case, name) for name, mark in sorted(case.marks.items(), key=lambda one: -one[1]) if mark >= 0.3]
    told = [f"in the programme {case.programme}"] if case.programme else []
    told += [f"declared use: {case.declared_use}"] if case.declared_use else []
    return (said or ["no mark is high"]) + told


def _mark(case: HardCase, name: str) -> str:
    if name == "margin":
        side = "over" if case.bits_over_bar >= 0 else "under"
        return f"the evidence is only {quantities.bits(abs(case.bits_over_bar))} bits {side} the bar"
    if name == "attribution":
        return f"only {quantities.bits(case.attribution_bits)} bits attribute the exchanges to the campaign"
    if name == "tenure":
        return (
            "the account's age is not known" if case.age_days is None else f"the account is {_age(case.age_days)} old"
        )
    if name == "verified":
        levels = {None: "its verified level is not known", 1: "its contact is verified"}
        return levels.get(case.verified_level, "a person verified the business")
    return f"{quantities.share(1 - case.share_of_account)} of what the account sends is not accused"


def _age(days: float) -> str:
    return f"{days / 365.25:.1f} years" if days >= 365 else f"{days:.0f} days"


def doubts(doubt: Doubt) -> list[str]:
    """What bar and appeals say of how many are touched wrongly, and what they do not."""
    said = (
        _promised(doubt.promised) if doubt.promised else ["What the bar rests on is not known here: give --findings."]
    )
    return [*said, _objections(doubt.objections)]


def controls(doubt: Doubt) -> list[str]:
    """What the signs of legitimate accounts say of it."""
    said = [control(one) for one in doubt.controls if one.most is not None]
    return said or ["Too few accounts carry a sign of being legitimate to compare those touched with the others."]


def _promised(found: Promised) -> list[str]:
    one_in, least = _one_in(found.rate), _one_in(found.high)
    middle, low, high = (expected(value) for value in found.expected)
    bar = (
        f"The bar: of legitimate families like the {quantities.count(found.n_units)} of the reference about one in "
        f"{one_in} reaches it (95 % interval: at most one in {least}). The scan scored "
        f"{quantities.count(found.n_families)} families; were all of them legitimate and of such kinds, {middle} would "
        f"be expected over the bar ({low} to {high}). That speaks of families, not of customers, and of no kind that "
        "the reference does not know."
    )
    said = [bar]
    if found.is_simulated:
        said.append(
            "The reference comes from simulated traffic, so the bar promises nothing about yours: run 'stillwatch "
            "calibrate' on your own."
        )
    return said


def expected(value: float) -> str:
    """A number of families that is rarely whole.

    >>> expected(0.03), expected(2.46), expected(31.7)
    ('0.03', '2.5', '32')
    """
    return f"{value:.2f}" if value < 0.95 else f"{value:.1f}" if value < 9.95 else quantities.count(round(value))


def control(found: Control) -> str:
    """One control, with what it assumes."""
    head, one, many = SIGNS[found.sign]
    if found.most is None or found.most_high is None:
        return f"{head}: too few to tell"
    rate = quantities.share(found.others / found.n_others)
    n, of = quantities.count(found.touched), _counted(found.n_touched, "touched account")
    said = f"{n} of {of} {one if found.touched == 1 else many}; of accounts of no accused stream {rate} {many}"
    if found.most >= 1.0:
        return f"{said}: that rules nothing out."
    return (
        f"{said}. If accounts touched wrongly carry that sign at least as often, at most "
        f"{quantities.share(found.most)} of the touched are touched wrongly (with 95 % confidence, were accounts "
        f"independent, at most {quantities.share(found.most_high)})."
    )


def _objections(found: Objections | None) -> str:
    if found is None:
        return "No appeal against rules of these names was decided yet, so appeals say nothing."
    interval = f"{quantities.share(found.low)} to {quantities.share(found.high)}"
    return (
        f"Of {_counted(found.decided, 'appeal')} against rules of these names that a person decided, "
        f"{quantities.count(found.upheld)} "
        f"({quantities.share(found.upheld / found.decided)}; {interval}) were upheld. Who does not object is not "
        "counted."
    )


def _one_in(rate: float) -> str:
    return quantities.count(round(1 / rate)) if rate > 0 else "–"


def felt(found: Felt) -> str:
    """What an hour felt like."""
    middle, bad = found.refused
    what = "of a touched stream" if found.action is None else f"of a stream {ACTIONS[found.action]}"
    return (
        f"In an hour {what} that sent anything, {middle:g} requests were refused at the median and {bad:.4g} at the "
        f"95th percentile, of {found.requests[0]:g} and {found.requests[1]:.4g} that were sent "
        f"({_counted(found.n_hours, 'such hour')})."
    )


def effect(found: Effect) -> str:
    """What campaigns of harvest and relay together would have lost."""
    if not found.exchanges:
        return "No exchange of this traffic is of a campaign that looks like harvest or relay."
    first = found.later[0]
    tokens = (
        "" if first.output_tokens is None else f", and {quantities.share(first.output_tokens)} of the output tokens,"
    )
    said = (
        f"Of {_counted(found.exchanges, 'exchange')} of harvest and relay campaigns "
        f"{quantities.share(first.exchanges)} would have been withheld{tokens} had each been known from the start"
    )
    if found.since_found is not None:
        said += f"; from when they were found, {quantities.share(found.since_found.exchanges)} of exchanges"
    return f"{said}. Whoever is refused comes back otherwise: this is what the traffic as it was loses, no forecast."


def after(later: Later) -> str:
    """A delay.

    >>> after(Later(timedelta(0), 1.0, None)), after(Later(timedelta(days=3), 0.5, None))
    ('at once', '3 days')
    """
    hours = round(later.after / timedelta(hours=1))
    if not hours:
        return "at once"
    return _counted(hours // 24, "day") if hours % 24 == 0 else _counted(hours, "hour")


def _counted(n: int, noun: str) -> str:
    return f"{quantities.count(n)} {noun}{'' if n == 1 else 's'}"
