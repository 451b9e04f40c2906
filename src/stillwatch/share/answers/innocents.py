"""Accounts that nobody suspects, by their tags, so that one can count how many of them an indicator would hit.

Bands of templates are left out: how many families send a template is counted where it is matched, and an address that
many people share must not speak for a text that nobody else sends. What warning lists name is left in: others may not
have these lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.answers.index import KINDS, Local, TagIndex
from stillwatch.share.trust.benign import Accounts

__all__ = ["Innocents"]


@dataclass(frozen=True, slots=True)
class Innocents:
    """Build it with `of`.

    n   Accounts, whether they have tags or none.
    """

    index: TagIndex
    n: int

    @classmethod
    def of(cls, local: Local, accounts: NDArray[np.uint64], epoch: int) -> Self:
        """Those of the local tags that are of these accounts.

        accounts    Hashes, each once.
        epoch       Number of the key's epoch that the tags were made with.
        """
        kept = np.flatnonzero((local.kind != KINDS.index(SignalKind.BAND)) & np.isin(local.account, accounts))
        one = np.zeros(len(kept), np.uint64)
        rows = Local(local.tags[kept], local.kind[kept], one, local.account[kept], np.zeros(len(kept), np.bool_))
        index = TagIndex.of(rows, epoch=epoch, days=1, coverage={}, n_accounts=len(accounts), n_families=0)
        return cls(index, len(accounts))

    def asked(self, tags: Sequence[Tag]) -> tuple[Tag, ...]:
        """Tags of an indicator that innocent accounts can have by chance, of this epoch, expired or not.

        The same indicator is so the same question in all of an epoch.
        """
        return tuple(tag for tag in tags if tag.kind is not SignalKind.BAND and tag.epoch == self.index.epoch)

    def carrying(self, tags: Sequence[Tag]) -> Accounts:
        """How many there are, and how many of them have any of the tags."""
        return Accounts(self.n, len(np.unique(self.index.hits(tags).account)) if tags else 0)
