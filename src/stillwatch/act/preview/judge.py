"""What a policy does about each exchange that was seen: asked once for all that are alike, with the decider's guards.

References
----------
`act.decide.decider.Decider`, whose answers these are for the same facts; a test holds them against it.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.act.decide.guards import GUARDS, Situation, soften
from stillwatch.act.decide.partner import PartnerRules
from stillwatch.act.decide.protected import Protected
from stillwatch.act.decide.settings import DeciderSettings
from stillwatch.act.decide.stream import Stream, place_of
from stillwatch.act.policy.facts import FACT_OF, Variables, risk_variables, variables_of
from stillwatch.act.policy.policy import Policy, Rule
from stillwatch.act.preview._kernels_bucket import over_rate, over_shared_rate
from stillwatch.act.preview.codes import paired
from stillwatch.act.preview.replay import Seen
from stillwatch.act.preview.traffic import COLUMN_OF, NOBODYS
from stillwatch.model.decision import SEVERITY, AccountFacts, Action, Facts, PartnerWord, Request, StreamFacts

__all__ = ["ACTIONS", "NO_RULE", "Judged", "Terms", "judge", "refused"]

ACTIONS: Final = tuple(Action)
NO_RULE: Final = -1
_OBSERVE: Final = SEVERITY[Action.OBSERVE]
_NOT_SERVED: Final = SEVERITY[Action.STEP_UP]
_THROTTLE: Final = SEVERITY[Action.THROTTLE]
_BURST_S: Final = DeciderSettings(bytes(16)).burst_s


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a policy is previewed.

    now         Time to which ages are counted; None takes the newest exchange, when the findings stand as they do.
    stage       Share of accused streams that it is rolled out to, 0 to 1. Others are shown as observed; in force they
                keep what the version before says of them, which is a preview of that version.
    stage_key   Of the installation: who comes first. Without it another set of the same size is drawn.
    cleared     Streams of upheld appeals, as (campaign, account).
    overdue     Streams with an appeal that nobody answered in time, likewise.
    burst_s     As the decider's.
    """

    now: datetime | None = None
    stage: float = 1.0
    stage_key: bytes = field(default=bytes(16), repr=False)
    protected: Protected = field(default_factory=Protected)
    cleared: Collection[tuple[str, str]] = ()
    overdue: Collection[tuple[str, str]] = ()
    burst_s: float = _BURST_S


@dataclass(frozen=True)
class Judged:
    """What a policy does.

    accounts    Facts of each account of `seen.totals`.
    streams     Facts of each accused stream, by campaign and account code; None where there is nothing to rest on.
    rule        Place of the rule that decides about each accused exchange, `NO_RULE` for none.
    action      Place in `ACTIONS` of what is done about it.
    guard       Place in `GUARDS` of the first that took something from what the rule wants, -1 for none.
    rate        Requests a minute of a throttled exchange, else NaN.
    own_per_day Of a throttled exchange whose rate is of its campaign, else NaN.
    refused     Whether it would not have been answered.
    by_other_rule   Exchanges of no accused stream by rule and action, both as places.
    failed      Rules whose condition could not be evaluated.
    """

    policy: Policy
    terms: Terms
    seen: Seen
    now: datetime
    accounts: tuple[AccountFacts, ...]
    streams: Mapping[tuple[int, int], StreamFacts | None]
    rule: NDArray[np.int16]
    action: NDArray[np.int8]
    guard: NDArray[np.int8]
    rate: NDArray[np.float64]
    own_per_day: NDArray[np.float64]
    refused: NDArray[np.bool_]
    by_other_rule: Mapping[tuple[int, int], int]
    failed: tuple[str, ...] = ()

    @property
    def is_touched(self) -> NDArray[np.bool_]:
        """Accused exchanges that get more than observe."""
        return self.action > _OBSERVE


def judge(policy: Policy, seen: Seen, terms: Terms | None = None) -> Judged:
    """Ask a policy about everything that was seen, as `Decider` would with findings as they stand.

    The blast radius is not among the guards here: it is what the preview is made to show.
    """
    terms = terms or Terms()
    now = terms.now or seen.end
    accounts = tuple(seen.known.accounts(seen.totals, now))
    asking = _Asking(policy, seen, terms, now, accounts)
    columns = [seen.accused[name] for name in ("campaign", "account", "partner", "feature")]
    firsts, inverse = np.unique(paired(*columns), return_index=True, return_inverse=True)[1:]
    alike = zip(*(column[firsts].tolist() for column in columns), strict=True)
    told = [asking.accused(*one) for one in alike]
    rule, action, guard = (np.asarray([one[i] for one in told], np.int16)[inverse] for i in range(3))
    told_rates = [(one.rate_per_minute or np.nan, one.own_per_day or np.nan) for one in policy.rules]
    rate, own = np.where(action == _THROTTLE, np.asarray([*told_rates, (np.nan, np.nan)])[rule].T, np.nan)
    others = Counter(asking.others())
    judged = Judged(
        policy,
        terms,
        seen,
        now,
        accounts,
        asking.streams,
        rule,
        action.astype(np.int8),
        guard.astype(np.int8),
        rate,
        own,
        np.zeros(len(rule), np.bool_),
        _summed(others),
        tuple(sorted(asking.failed)),
    )
    judged.refused[:] = refused(judged, np.ones(len(rule), np.bool_))
    return judged


def refused(judged: Judged, counts: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Accused exchanges that would not have been answered, if only some of them count; the others are not.

    counts      Exchanges that the policy decides about, such as those after a stream was found.
    """
    seen = judged.seen.accused
    found = counts & (judged.action >= _NOT_SERVED)
    throttled = counts & (judged.action == _THROTTLE) & ~np.isnan(judged.rate)
    is_shared = ~np.isnan(judged.own_per_day)
    at_s = (seen["time_us"] - seen["time_us"][:1]) / 1e6
    stream = paired(seen["campaign"], seen["account"])
    rows = _ordered(np.flatnonzero(throttled & ~is_shared), stream)
    found[rows] = over_rate(stream[rows], at_s[rows], judged.rate[rows], judged.terms.burst_s)
    rows = _ordered(np.flatnonzero(throttled & is_shared), seen["campaign"])
    found[rows] = over_shared_rate(
        seen["campaign"][rows].astype(np.int64),
        np.unique(stream[rows], return_inverse=True)[1],
        at_s[rows],
        judged.rate[rows],
        judged.own_per_day[rows],
        judged.terms.burst_s,
    )
    return found


def _ordered(rows: NDArray[np.int64], by: NDArray[Any]) -> NDArray[np.int64]:
    """Rows, which are in order of time, by something and then by time."""
    return rows[np.argsort(by[rows], kind="stable")]


def _summed(others: Counter[tuple[int, int, int]]) -> dict[tuple[int, int], int]:
    found: Counter[tuple[int, int]] = Counter()
    for (rule, action, n), times in others.items():
        found[rule, action] += n * times
    return dict(found)


class _Asking:
    """Asks a policy, each question once."""

    def __init__(
        self, policy: Policy, seen: Seen, terms: Terms, now: datetime, accounts: tuple[AccountFacts, ...]
    ) -> None:
        self._policy, self._seen, self._terms, self._now, self._accounts = policy, seen, terms, now, accounts
        self._partners = PartnerRules()
        self._uses = {
            group: tuple(FACT_OF[name].key for name in sorted(policy.uses) if FACT_OF[name].group == group)
            for group in ("account", "stream", "partner")
        }
        self._is_of_features = any(name in COLUMN_OF for name in policy.uses)
        self._nothing = variables_of(Request(""), Facts(), now)
        self._known: dict[tuple[Any, ...], int] = {}
        self._parts: dict[tuple[str, int | tuple[int, int]], tuple[Mapping[str, Any], tuple[Any, ...]]] = {}
        self._softened: dict[tuple[Any, ...], tuple[int, int]] = {}
        self.streams: dict[tuple[int, int], StreamFacts | None] = {}
        self.failed: set[str] = set()

    def accused(self, campaign: int, account: int, partner: int, feature: int) -> tuple[int, int, int]:
        """Rule, action and guard for an exchange of an accused stream, as places."""
        stream = self._stream(campaign, account)
        rule = self._rule(account, feature, partner, (campaign, account) if stream is not None else None)
        key = (campaign, account, partner, rule)
        if key not in self._softened:
            self._softened[key] = self._soften(stream, account, partner, rule)
        return rule, *self._softened[key]

    def others(self) -> Iterator[tuple[int, int, int]]:
        """Rule, action and number of exchanges of no accused stream."""
        seen = self._seen
        if all(rule.needs_stream for rule in self._policy.rules):
            yield NO_RULE, _OBSERVE, int(seen.n_others.sum())
            return
        columns = (seen.others["account"], seen.others["feature"], seen.others["partner"], seen.n_others)
        for account, feature, partner, n in zip(*(column.tolist() for column in columns), strict=True):
            rule = self._rule(account, feature, partner, None)
            wanted = Action.OBSERVE if rule == NO_RULE else self._policy.rules[rule].action
            yield rule, SEVERITY[soften(wanted, Situation(Facts())).action], n

    def _stream(self, campaign: int, account: int) -> StreamFacts | None:
        key = campaign, account
        if key not in self.streams:
            known, ids = self._seen.known, self._seen.totals.account_ids
            self.streams[key] = known.stream(known.campaigns[campaign], ids[account])
        return self.streams[key]

    def _rule(self, account: int, feature: int, partner: int, stream: tuple[int, int] | None) -> int:
        """Place of the first rule that matches; asked once for all facts that the policy looks at."""
        request = self._request(feature) if self._is_of_features else self._nothing["request"]
        of_account, account_key = self._part("account", account)
        of_stream, stream_key = (self._nothing["stream"], None) if stream is None else self._part("stream", stream)
        of_partner, partner_key = self._part("partner", partner)
        key = (feature if self._is_of_features else 0, account_key, stream_key, partner_key)
        if key not in self._known:
            variables = {
                "request": request,
                "account": of_account,
                "stream": of_stream,
                "partner": of_partner,
                "risk": self._nothing["risk"],
            }
            self._known[key] = self._first_match(variables)
        return self._known[key]

    def _first_match(self, variables: dict[str, Mapping[str, Any]]) -> int:
        if self._policy.tiers:
            variables["risk"] = risk_variables(self._policy.risk_of(variables))
        rule = self._policy.first_match(variables, self._note)
        return NO_RULE if rule is None else self._policy.rules.index(rule)

    def _note(self, rule: Rule) -> None:
        self.failed.add(rule.name)

    def _request(self, feature: int) -> Mapping[str, Any]:
        key = ("request", feature)
        if key not in self._parts:
            values = zip(self._seen.features, self._seen.feature_rows[feature], strict=True)
            told: dict[str, Any] = {COLUMN_OF[name]: value for name, value in values}
            request = Request(**{"account_id": "", **told})
            self._parts[key] = variables_of(request, Facts(), self._now)["request"], ()
        return self._parts[key][0]

    def _part(self, group: str, code: int | tuple[int, int]) -> tuple[Mapping[str, Any], tuple[Any, ...]]:
        """Facts of one group, and those of them that the policy asks about."""
        if not self._uses[group] and group != "stream":
            return self._nothing[group], ()
        key = (group, code)
        if key not in self._parts:
            found = self._variables(group, code)
            self._parts[key] = found, tuple(_hashable(found[name]) for name in self._uses[group])
        return self._parts[key]

    def _variables(self, group: str, code: int | tuple[int, int]) -> Mapping[str, Any]:
        if isinstance(code, tuple):
            facts = Facts(stream=self.streams[code])
        elif group == "account":
            facts = Facts(self._accounts[code])
        else:
            facts = Facts(partner=self._partner(code))
        told: Variables = variables_of(Request(""), facts, self._now)
        return told[group]

    def _partner(self, code: int) -> PartnerWord | None:
        return None if code == NOBODYS else self._seen.known.partner_words[code]

    def _soften(self, stream: StreamFacts | None, account: int, partner: int, rule: int) -> tuple[int, int]:
        """Action that is left by the guards, and the first of them."""
        wanted = Action.OBSERVE if rule == NO_RULE else self._policy.rules[rule].action
        left = soften(wanted, self._situation(stream, account, partner, rule))
        return SEVERITY[left.action], GUARDS.index(left.by[0]) if left.by else -1

    def _situation(self, stream: StreamFacts | None, account: int, partner: int, rule: int) -> Situation:
        account_id, facts = self._seen.totals.account_ids[account], self._accounts[account]
        name = Stream("" if stream is None else stream.campaign_id, account_id)
        listed = self._terms.protected.holds(account_id, self._seen.owners[account])
        return Situation(
            Facts(facts, stream, self._partner(partner)),
            rests_on_partner=rule != NO_RULE and self._partners.hold(self._policy, self._policy.rules[rule]),
            is_protected=listed or facts.is_protected,
            is_cleared=stream is not None and (stream.cleared or name in self._terms.cleared),
            is_overdue=stream is not None and name in self._terms.overdue,
            is_in_stage=self._terms.stage >= 1.0 or place_of(name, self._terms.stage_key) < self._terms.stage,
        )


def _hashable(value: Any) -> Any:  # noqa: ANN401 - of any fact
    return tuple(value) if isinstance(value, list) else value
