"""Names of groups that are found anew every day: accounts that are tied or of one profile, templates of one crew.

Their families are named after the group, so a group keeps the name of the remembered one that it shares most members
with, if with half of the smaller of the two.
"""

from dataclasses import dataclass, field, replace
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.memory.tables import merged, rows_where, table_of
from stillwatch.detect.views.mixing import mix
from stillwatch.model.column import Column, schema_of
from stillwatch.model.view import Grouping
from stillwatch.stats.lookup import positions

__all__ = ["GROUP", "GroupMemory"]

GROUP: pa.Schema = schema_of(
    "group",
    (
        Column(
            "kind", pa.uint8(), "0 tied accounts, 1 accounts of one profile, 2 templates of one crew.", required=True
        ),
        Column("name", pa.uint64(), "Name of the group.", required=True),
        Column("member", pa.uint64(), "Account hash or family of a template.", required=True),
        Column("day", pa.int32(), "Last day that the member was in the group, days since 1970.", required=True),
    ),
)
_FIELDS: Final = (("tied_account", "tied_group"), ("profile_account", "profile_group"), ("kin_template", "kin_group"))
_KIN: Final = 2
_ALIKE: Final = 0.5


@dataclass(frozen=True, slots=True)
class GroupMemory:
    """Groups of earlier days: table GROUP, sorted by kind, name and member."""

    table: pa.Table = field(default_factory=GROUP.empty_table)

    @classmethod
    def of_day(cls, grouping: Grouping, day: int) -> Self:
        """Groups of one day, named as in `grouping`."""
        parts = [GROUP.empty_table()]
        for kind, (members, names) in enumerate(_FIELDS):
            member, name = getattr(grouping, members), getattr(grouping, names)
            parts.append(
                table_of(
                    GROUP, kind=np.full(len(member), kind), name=name, member=member, day=np.full(len(member), day)
                )
            )
        return cls(pa.concat_tables(parts)).merge(cls())

    def merge(self, other: Self) -> Self:
        """Members of both; the later day counts."""
        both = [t.append_column("ago", pa.array(-t["day"].to_numpy())) for t in (self.table, other.table)]
        return type(self)(merged(both, ("kind", "name", "member"), ("ago",)).drop_columns("ago").cast(GROUP))

    def since(self, day: int) -> Self:
        """Members seen on `day` or later."""
        return type(self)(rows_where(self.table, self.table["day"].to_numpy() >= day))

    def named(self, grouping: Grouping, *, kin: bool) -> Grouping:
        """The same groups with the names of earlier days: those of templates (`kin`), or those of accounts."""
        if not len(self.table):
            return grouping
        chosen = [(kind, names) for kind, names in enumerate(_FIELDS) if (kind == _KIN) == kin]
        return replace(
            grouping,
            **{
                names: self._renamed(kind, getattr(grouping, m), getattr(grouping, names))
                for kind, (m, names) in chosen
            },
        )

    def _renamed(self, kind: int, member: NDArray[np.uint64], group: NDArray[np.uint64]) -> NDArray[np.uint64]:
        known = rows_where(self.table, self.table["kind"].to_numpy() == kind)
        names = _matches(known["name"].to_numpy(), known["member"].to_numpy(), group, member)
        found, code = np.unique(group, return_inverse=True)
        taken = set(names.values())
        new = [names.get(name) or _free(name, taken) for name in found.tolist()]
        return np.array(new, np.uint64)[code] if len(found) else group


def _free(name: int, taken: set[int]) -> int:
    """The name, or another one when an earlier group's heir has it."""
    while name in taken:
        name = int(mix(np.array([name], np.uint64))[0])
    taken.add(name)
    return name


def _matches(
    earlier: NDArray[np.uint64],
    earlier_member: NDArray[np.uint64],
    group: NDArray[np.uint64],
    member: NDArray[np.uint64],
) -> dict[int, int]:
    """Earlier name of each group that has one; a member may be in several earlier groups, and in one now.

    The largest overlap goes first, of equals the smaller names.
    """
    order = np.argsort(member, kind="stable")
    at = positions(member[order], earlier_member)
    both = at >= 0
    old_names, old_size = np.unique(earlier, return_counts=True)
    new_names, new_size = np.unique(group, return_counts=True)
    old = np.searchsorted(old_names, earlier[both])
    new = np.searchsorted(new_names, group[order][at[both]])
    pairs, shared = np.unique(np.stack([old, new]), axis=1, return_counts=True)
    enough = shared >= _ALIKE * np.minimum(old_size[pairs[0]], new_size[pairs[1]])
    found: dict[int, int] = {}
    used: set[int] = set()
    for i in np.lexsort((pairs[1], pairs[0], -shared)):
        one, other = int(old_names[pairs[0, i]]), int(new_names[pairs[1, i]])
        if enough[i] and other not in found and one not in used:
            found[other] = one
            used.add(one)
    return found
