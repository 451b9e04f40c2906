"""What earlier windows left, as detection asks for it. Nothing remembered changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from stillwatch.detect.memory.accounts import AccountMemory
from stillwatch.detect.memory.campaigns import CampaignMemory
from stillwatch.detect.memory.families import FamilyMemory
from stillwatch.detect.memory.groups import GroupMemory
from stillwatch.detect.memory.shares import ShareMemory
from stillwatch.model.view import Grouping

__all__ = ["Earlier"]


@dataclass(frozen=True, slots=True)
class Earlier:
    """All parts together.

    >>> Earlier().counted("cell", pa.table({"cell": [1], "n": [2]})).to_pydict()
    {'cell': [1], 'n': [2]}
    """

    accounts: AccountMemory = field(default_factory=AccountMemory)
    shares: ShareMemory = field(default_factory=ShareMemory)
    families: FamilyMemory = field(default_factory=FamilyMemory)
    groups: GroupMemory = field(default_factory=GroupMemory)
    campaigns: CampaignMemory = field(default_factory=CampaignMemory)

    def known(self, today: AccountMemory) -> AccountMemory:
        """All accounts, those of a new window too."""
        return self.accounts.merge(today)

    def lives(self, today: AccountMemory) -> pa.Table:
        """Table LIFE of all accounts."""
        return self.accounts.lives(today)

    def named(self, grouping: Grouping, *, kin: bool = False) -> Grouping:
        """Groups with their earlier names."""
        return self.groups.named(grouping, kin=kin)

    def streams(self, today: pa.Table, *, everywhere: bool = False) -> pa.Table:
        """Streams of a new window with those remembered."""
        return self.families.streams(today, everywhere=everywhere)

    def with_rows(
        self, step: Callable[[pa.Table], pa.Table], order_by: Sequence[str]
    ) -> Callable[[pa.Table], pa.Table]:
        """A step on whole families that gets the remembered rows too."""
        return self.families.with_rows(step, order_by)

    def counted(self, kind: str, today: pa.Table) -> pa.Table:
        """Counts of cells or clients with the earlier ones."""
        return self.shares.counted(kind, today)
