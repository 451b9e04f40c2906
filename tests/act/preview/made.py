"""Traffic for tests of previews: rows with all that they may lack, what is known of them, and policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.read import read_policy
from stillwatch.act.preview.judge import Judged, Terms, judge
from stillwatch.act.preview.replay import Replay, Seen
from stillwatch.act.preview.traffic import COLUMN_OF, NEEDED, NOBODYS, Totals, Traffic
from stillwatch.model.campaign import Verdict
from stillwatch.model.decision import AccountFacts, Facts, PartnerWord, Request, StreamFacts, WindowFacts
from stillwatch.model.exchange import EXCHANGE

START = datetime(2026, 11, 20, tzinfo=UTC)
SCHEMA = pa.schema([EXCHANGE.field(name) for name in NEEDED])
MODELS = ("large", "small", None)
COUNTRIES = ("AA", "BB", None)
CAMPAIGNS = ("campaign-0", "campaign-1", "campaign-2")
WORDS = (PartnerWord(("indicator--1",), has_local_evidence=False), PartnerWord(("indicator--2",), True))

LADDER = """
name = "ladder"
[limits]
traffic = 0.05
[[tier]]
name = "high"
when = "stream.accused && account.age_days < 30.0"
reason = "a young account in a campaign"
[[rule]]
name = "spared"
when = "stream.accused && account.declared_use == 'evaluation'"
then = "allow"
reason = "Declared."
[[rule]]
name = "partners"
when = "stream.accused && partner.n_indicators > 0.0"
then = "block"
lasts = "1h"
reason = "Stopped."
[[rule]]
name = "tier"
when = "stream.accused && risk.tier == 'high' && request.temperature == 0.7"
then = "step_up"
lasts = "1h"
reason = "Please confirm."
[[rule]]
name = "logs"
when = "stream.accused && stream.bits_over_bar > 15.0 && request.model == 'large'"
then = "degrade"
lasts = "1h"
reason = "Other answers."
[[rule]]
name = "fast"
when = "stream.accused && stream.attribution_bits > 20.0 && request.country != 'BB'"
then = "throttle"
rate_per_minute = 3
lasts = "1h"
reason = "Slower, at most {rate_per_minute}."
[[rule]]
name = "slow"
when = "stream.accused && stream.share_of_account > 0.5"
then = "throttle"
per = "campaign"
rate_per_minute = 0.2
own_per_day = 2
lasts = "1h"
reason = "Slower."
[[rule]]
name = "young"
when = "account.age_days < 30.0 && request.model == 'small'"
then = "observe"
reason = "Looked at."
[[rule]]
name = "fine"
when = "request.turn_count > 2.0"
then = "allow"
reason = "Fine."
"""

OBSERVES = """
name = "observes"
[[rule]]
name = "all"
when = "stream.accused"
then = "observe"
reason = "Looked at."
[[rule]]
name = "rest"
when = "request.model == 'large'"
then = "allow"
reason = "Fine."
"""


def blocks(when: str = "stream.accused", then: str = "block") -> Policy:
    """A policy of one rule."""
    rule = f"name = 'only'\nwhen = \"{when}\"\nthen = '{then}'\nlasts = '1h'\nreason = 'Stopped.'\n"
    return read_policy(f"name = 'one'\n[[rule]]\n{rule}", "one")


@dataclass
class Told:
    """What is known, told by hand."""

    account_facts: dict[str, AccountFacts] = field(default_factory=dict)
    streams: dict[tuple[str, str], StreamFacts] = field(default_factory=dict)
    found: dict[str, datetime] = field(default_factory=dict)
    campaigns: Sequence[str] = CAMPAIGNS
    partner_words: Sequence[PartnerWord] = WORDS

    def accounts(self, totals: Totals, _now: datetime, /) -> list[AccountFacts]:
        return [self.account_facts.get(one, AccountFacts()) for one in totals.account_ids]

    def organisation(self, _account_id: str, /) -> str | None:
        return None

    def stream(self, campaign_id: str, account_id: str, /) -> StreamFacts | None:
        return self.streams.get((campaign_id, account_id))

    def found_at(self, campaign_id: str, /) -> datetime | None:
        return self.found.get(campaign_id)


Row = Mapping[str, Any]


def row(
    account: str = "a-0", minutes: float = 0.0, campaign: int = NOBODYS, partner: int = NOBODYS, **more: Any
) -> Row:
    """One exchange, its campaign and what partners say of it."""
    told: dict[str, Any] = dict.fromkeys(NEEDED)
    told |= {"account_id": account, "time": START + timedelta(minutes=minutes), "exchange_id": f"{account}-{minutes}"}
    return {**told, **more, "campaign": campaign, "partner": partner}


def stream(account: str, campaign: int = 0, **more: Any) -> dict[tuple[str, str], StreamFacts]:
    """An accused stream that is strong, unless told otherwise."""
    name = CAMPAIGNS[campaign]
    told: dict[str, Any] = {
        "bits": 60.0,
        "bar_bits": 20.0,
        "attribution_bits": 40.0,
        "share_of_account": 1.0,
        "n_exchanges": 100,
        "n_accounts": 10,
        "first_seen": START,
        "last_seen": START,
        **more,
    }
    return {(name, account): StreamFacts(name, Verdict.HARVEST, **told)}


def traffic(rows: Sequence[Row]) -> Traffic:
    """Rows as a batch."""
    columns = [pa.array([one[name] for one in rows], SCHEMA.field(name).type) for name in NEEDED]
    places = (np.array([one[name] for one in rows], np.int32) for name in ("campaign", "partner"))
    return Traffic(pa.RecordBatch.from_arrays(columns, schema=SCHEMA), *places)


def seen(rows: Sequence[Row], told: Told, *policies: Policy, cut: int = 100) -> Seen:
    """Rows taken in, so many a batch."""
    replay = Replay(told, frozenset(name for policy in policies for name in policy.uses))
    for start in range(0, len(rows), cut):
        replay.add(traffic(rows[start : start + cut]))
    return replay.seen()


def judged(rows: Sequence[Row], told: Told, policy: Policy, terms: Terms | None = None) -> Judged:
    """Rows taken in and judged by one policy."""
    return judge(policy, seen(rows, told, policy), terms)


def request_of(one: Row) -> Request:
    """The request as a gateway would have told it."""
    fields = {name: one[name] for name in COLUMN_OF.values() if one[name] is not None}
    return Request(request_id=one["exchange_id"], **fields)


def facts_of(one: Row, told: Told) -> Facts:
    """What is known of a row."""
    campaign, account = one["campaign"], one["account_id"]
    return Facts(
        told.account_facts.get(account, AccountFacts()),
        None if campaign == NOBODYS else told.stream(CAMPAIGNS[campaign], account),
        None if one["partner"] == NOBODYS else WORDS[one["partner"]],
        window=WindowFacts(1000, 10, 10),
    )


def world(seed: int, n: int = 400, n_accounts: int = 12, minutes: float = 300.0) -> tuple[list[Row], Told]:
    """Random traffic of accounts of which some are partly accused, and what is known of them."""
    random = np.random.default_rng(seed)
    told = Told()
    member: dict[str, int] = {}
    for i in range(n_accounts):
        name = f"a-{i}"
        told.account_facts[name] = AccountFacts(
            age_days=(None, 5.0, 100.0, 900.0)[random.integers(4)],
            programme=(None, "research")[random.integers(2)],
            verified_level=(None, 0, 1, 2)[random.integers(4)],
            declared_use=(None, None, "evaluation")[random.integers(3)],
            spend_band=int(random.integers(5)),
            is_protected=bool(random.random() < 0.1),
        )
        if random.random() < 0.7:
            member[name] = int(random.integers(len(CAMPAIGNS)))
            if random.random() < 0.9:
                told.streams |= stream(
                    name,
                    member[name],
                    bits=float(random.uniform(15, 60)),
                    attribution_bits=float(random.uniform(-5, 50)),
                    share_of_account=float(random.random()),
                    cleared=bool(random.random() < 0.1),
                )
    rows = []
    for at in np.sort(random.uniform(0, minutes, n)).tolist():
        name = f"a-{random.integers(n_accounts)}"
        campaign = member.get(name, NOBODYS) if random.random() < 0.6 else NOBODYS
        rows.append(
            row(
                name,
                round(at, 4),
                campaign,
                int(random.integers(len(WORDS))) if random.random() < 0.1 else NOBODYS,
                organisation_id=(None, "org-1", "org-2")[hash_of(name) % 3],
                model=MODELS[random.integers(3)],
                client_country=COUNTRIES[random.integers(3)],
                temperature=(None, 0.7, 1.0)[random.integers(3)],
                turn_count=(None, 1, 5)[random.integers(3)],
                output_tokens=(None, 100, 400)[random.integers(3)],
                cost_usd=(None, 0.1)[random.integers(2)],
            )
        )
    return rows, told


def hash_of(name: str) -> int:
    """A number that stays from run to run."""
    return sum(name.encode())
