"""Open campaigns: what names a campaign from day to day, whoever of its accounts and families are seen today."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.campaigns import Draft, Known
from stillwatch.detect.memory.tables import merged, rows_where
from stillwatch.detect.naming import campaign_id
from stillwatch.detect.views import view_of
from stillwatch.detect.views.mixing import mix
from stillwatch.model.column import Column, schema_of
from stillwatch.model.findings import Findings
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import among

__all__ = ["CAMPAIGN", "CAMPAIGN_MEMBER", "CampaignMemory"]

_ID: Final = Column("campaign_id", pa.string(), "Id of the campaign.", required=True)
CAMPAIGN: pa.Schema = schema_of(
    "open-campaign",
    (
        _ID,
        Column("first_us", pa.int64(), "First exchange ever accused, microseconds since 1970.", required=True),
        Column("last_us", pa.int64(), "Last exchange accused.", required=True),
        Column("verdict", pa.string(), "Last verdict.", required=True),
    ),
)
CAMPAIGN_MEMBER: pa.Schema = schema_of(
    "campaign-member",
    (
        _ID,
        Column("kind", pa.uint8(), "0 a family, 1 an account, 2 hash of an id that it took over.", required=True),
        Column("key", pa.uint64(), "Family id, account hash or number of a campaign's id.", required=True),
        Column("day", pa.int32(), "Last day it was seen, days since 1970.", required=True),
    ),
)
_FAMILY, _ACCOUNT, _ALIAS = range(3)
_ALIKE: Final = 0.5
_POPULAR: Final = frozenset({"client", "rhythm"})
"""Views whose families strangers share: they name no campaign."""
_PREFIX: Final = "campaign-"


@dataclass(frozen=True, slots=True)
class CampaignMemory:
    """Campaigns seen in the window: table CAMPAIGN, sorted by id, and table CAMPAIGN_MEMBER, sorted by all but day."""

    campaigns: pa.Table = field(default_factory=CAMPAIGN.empty_table)
    members: pa.Table = field(default_factory=CAMPAIGN_MEMBER.empty_table)

    @classmethod
    def of_day(cls, findings: Findings, day: int) -> Self:
        """What the findings of one day say."""
        rows, members = [], []
        by_id = _accounts_by_campaign(findings)
        for campaign in findings.campaigns:
            first = min(campaign.first_seen, campaign.open_since or campaign.first_seen)
            rows.append(
                {
                    "campaign_id": campaign.campaign_id,
                    "first_us": _microseconds(first),
                    "last_us": _microseconds(campaign.last_seen),
                    "verdict": campaign.verdict.value,
                }
            )
            keys = (
                [int(family.family_id, 16) for family in campaign.families],
                by_id.get(campaign.campaign_id, []),
                [_number(name) for name in campaign.also_known_as],
            )
            members += [
                {"campaign_id": campaign.campaign_id, "kind": kind, "key": key, "day": day}
                for kind, some in enumerate(keys)
                for key in some
            ]
        found = cls(pa.Table.from_pylist(rows, schema=CAMPAIGN), pa.Table.from_pylist(members, schema=CAMPAIGN_MEMBER))
        return found.merge(cls())

    def merge(self, other: Self) -> Self:
        """Both: the first and last time of each, the last verdict; what one took over is part of it."""
        campaigns = pa.concat_tables([self.campaigns, other.campaigns])
        members = pa.concat_tables([self.members, other.members])
        heir = {row["key"]: row["campaign_id"] for row in rows_where(members, _of_kind(members, _ALIAS)).to_pylist()}
        campaigns = _inherited(campaigns, heir)
        latest = campaigns.append_column("ago", pa.array(-campaigns["last_us"].to_numpy()))
        verdicts = _first_by_id(latest, "ago")
        oldest = _first_by_id(campaigns, "first_us")
        verdicts = verdicts.set_column(1, CAMPAIGN.field("first_us"), oldest["first_us"])
        return type(self)(verdicts.select(CAMPAIGN.names).cast(CAMPAIGN), _members(_inherited(members, heir)))

    def since(self, day: int, time_us: int) -> Self:
        """Campaigns seen at that time or later, with the members seen on `day` or later."""
        campaigns = rows_where(self.campaigns, self.campaigns["last_us"].to_numpy() >= time_us)
        ids = set(campaigns["campaign_id"].to_pylist())
        kept = np.array([name in ids for name in self.members["campaign_id"].to_pylist()], np.bool_)
        kept &= (self.members["day"].to_numpy() >= day) | _of_kind(self.members, _ALIAS)
        return type(self)(campaigns, rows_where(self.members, kept))

    def families(self) -> NDArray[np.uint64]:
        """Families of all open campaigns, ascending."""
        return np.unique(self.members["key"].to_numpy()[_of_kind(self.members, _FAMILY)])

    def named(self, drafts: Sequence[Draft], seen: Sequence[int]) -> list[Draft]:
        """The drafts with the ids of the open campaigns that they go on with.

        An open campaign goes on as the draft that has most of its accounts, if half of the smaller of both; with no
        account in common, as the draft of whose exchanges half are in its families, popular clients aside. A draft that
        several go on as keeps the id of the oldest; a draft that none goes on as gets an id that nobody has.

        seen    Numbers of the drafts that have exchanges today; the others get no id.
        """
        taken, found = self._taken(), list(drafts)
        heirs = self._heirs(drafts, seen)
        for number in seen:
            if mine := sorted(heirs.get(number, []), key=lambda c: (c.first_us, c.campaign_id)):
                also = {_name(key) for c in mine for key in c.aliases} | {c.campaign_id for c in mine[1:]}
                known = Known(mine[0].campaign_id, mine[0].first_us, tuple(sorted(also)))
            else:
                known = Known(_unused(campaign_id(drafts[number]), taken), None, ())
                taken.add(known.campaign_id)
            found[number] = replace(drafts[number], known=known)
        return found

    def _taken(self) -> set[str]:
        aliases = self.members["key"].to_numpy()[_of_kind(self.members, _ALIAS)]
        return set(self.campaigns["campaign_id"].to_pylist()) | {_name(int(key)) for key in aliases}

    def _heirs(self, drafts: Sequence[Draft], seen: Sequence[int]) -> dict[int, list["_Open"]]:
        """Open campaigns by the number of the draft that each goes on as."""
        found: dict[int, list[_Open]] = {}
        waiting: list[_Open] = []
        for campaign in self._open():
            number = _best({n: campaign.shared_accounts(drafts[n]) for n in seen})
            if number is None:
                waiting.append(campaign)
            else:
                found.setdefault(number, []).append(campaign)
        for campaign in waiting:
            number = _best({n: campaign.shared_exchanges(drafts[n]) for n in seen if n not in found})
            if number is not None:
                found[number] = [campaign]
        return found

    def _open(self) -> list["_Open"]:
        ids, key = np.array(self.members["campaign_id"].to_pylist(), object), self.members["key"].to_numpy()
        kinds = [_of_kind(self.members, kind) for kind in (_FAMILY, _ACCOUNT, _ALIAS)]
        rows = self.campaigns.to_pylist()
        rows.sort(key=lambda row: (row["first_us"], row["campaign_id"]))
        return [
            _Open(
                row["campaign_id"],
                row["first_us"],
                *(np.sort(key[rows_ & (ids == row["campaign_id"])]) for rows_ in kinds),
            )
            for row in rows
        ]


@dataclass(frozen=True, slots=True)
class _Open:
    """One open campaign; arrays are ascending."""

    campaign_id: str
    first_us: int
    families: NDArray[np.uint64]
    accounts: NDArray[np.uint64]
    aliases: NDArray[np.uint64]

    def shared_accounts(self, draft: Draft) -> float:
        """Accounts in common; 0 when they are less than half of the smaller of both."""
        mine = np.unique(np.concatenate([family.accounts for family in draft.families]))
        n_shared = int(among(self.accounts, mine).sum())
        return float(n_shared) if n_shared >= _ALIKE * min(len(mine), len(self.accounts)) else 0.0

    def shared_exchanges(self, draft: Draft) -> float:
        """Share of the draft's exchanges that are in families of the campaign; 0 below one half."""
        telling = [family for family in draft.families if view_of(family.family).name not in _POPULAR]
        n = np.array([int(family.n.sum()) for family in telling], np.float64)
        held = among(self.families, np.array([family.family for family in telling], np.uint64))
        share = float(n[held].sum() / max(n.sum(), 1.0))
        return share if share >= _ALIKE else 0.0


def _best(strength: dict[int, float]) -> int | None:
    """Number with the largest strength above 0, of equals the first."""
    best = max(strength, key=lambda number: (strength[number], -number), default=None)
    return best if best is not None and strength[best] > 0 else None


def _unused(name: str, taken: set[str]) -> str:
    while name in taken:
        name = _name(int(mix(np.array([_number(name)], np.uint64))[0]) >> 32)
    return name


def _number(name: str) -> int:
    return int(name.removeprefix(_PREFIX), 16)


def _name(number: int) -> str:
    return f"{_PREFIX}{int(number):08x}"


def _of_kind(members: pa.Table, kind: int) -> NDArray[np.bool_]:
    return np.asarray(members["kind"].to_numpy() == kind)


def _inherited(table: pa.Table, heir: dict[int, str]) -> pa.Table:
    """The same rows under the ids that took theirs over."""
    if not heir:
        return table
    names = [_last_heir(name, heir) for name in table["campaign_id"].to_pylist()]
    at = table.schema.get_field_index("campaign_id")
    return table.set_column(at, table.schema.field(at), pa.array(names, pa.string()))


def _last_heir(name: str, heir: dict[int, str]) -> str:
    while (number := _number(name)) in heir and heir[number] != name:
        name = heir[number]
    return name


def _first_by_id(table: pa.Table, order_by: str) -> pa.Table:
    ordered = table.sort_by([("campaign_id", "ascending"), (order_by, "ascending"), ("verdict", "ascending")])
    ids = ordered["campaign_id"].to_pylist()
    first = [i for i, name in enumerate(ids) if not i or name != ids[i - 1]]
    return ordered.take(pa.array(first, pa.int64()))


def _members(table: pa.Table) -> pa.Table:
    ids, code = np.unique(np.array(table["campaign_id"].to_pylist(), str), return_inverse=True)
    coded = table.append_column("code", pa.array(code)).append_column("ago", pa.array(-table["day"].to_numpy()))
    kept = merged([coded.drop_columns("campaign_id")], ("code", "kind", "key"), ("ago",))
    names = pa.array(ids.tolist(), pa.string()).take(kept["code"].combine_chunks())
    return pa.table([names, kept["kind"], kept["key"], kept["day"]], schema=CAMPAIGN_MEMBER)


def _accounts_by_campaign(findings: Findings) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    accounts = hash_strings(findings.streams["account_id"]).tolist()
    for name, account in zip(findings.streams["campaign_id"].to_pylist(), accounts, strict=True):
        found.setdefault(name, []).append(account)
    return found


def _microseconds(time: object) -> int:
    return int(pa.scalar(time, pa.timestamp("us", "UTC")).value)
