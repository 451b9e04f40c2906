"""A view: one way to group exchanges across accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fingerprints", "Grouping", "View"]

Fingerprints = Mapping[str, NDArray[Any]]
"""Columns of FINGERPRINT and SEGMENTS by name, row-aligned; signatures already replaced by template ids."""


def _none() -> NDArray[np.uint64]:
    return np.zeros(0, np.uint64)


@dataclass(frozen=True, slots=True)
class Grouping:
    """What was learnt from the whole input before views can group single exchanges. Arrays are sorted by key.

    rhythm_stream, rhythm_cell      Stream hash (`rhythm.stream_hash` of account and client) and its rhythm cell.
    tied_account, tied_group        Account hash and its component of accounts that rare attributes tie together.
    profile_account, profile_group  Account hash and its group of accounts that ask from one list.
    followed                        Conversations that went on after their first turn.
    kin_template, kin_group         Family of the template view and its group of templates that the same accounts send.
    pooled_exchange, pooled_key     Exchange hash and the pool of questions that its prompt is from.
    """

    rhythm_stream: NDArray[np.uint64]
    rhythm_cell: NDArray[np.uint64]
    tied_account: NDArray[np.uint64] = field(default_factory=_none)
    tied_group: NDArray[np.uint64] = field(default_factory=_none)
    profile_account: NDArray[np.uint64] = field(default_factory=_none)
    profile_group: NDArray[np.uint64] = field(default_factory=_none)
    pooled_exchange: NDArray[np.uint64] = field(default_factory=_none)
    pooled_key: NDArray[np.uint64] = field(default_factory=_none)
    followed: NDArray[np.uint64] = field(default_factory=_none)
    kin_template: NDArray[np.uint64] = field(default_factory=_none)
    kin_group: NDArray[np.uint64] = field(default_factory=_none)


class View(Protocol):
    """Proposes families. It may propose anything: the evidence decides.

    name            One word.
    has_template    Its families share fixed text that can be shown with its slots marked.
    fixes_client    Its key fixes the client, which must then not count as evidence for an account.
    conditions_on   Attributes and structure tests that put accounts into its families, which must then not count as
                    evidence.
    """

    name: str
    has_template: bool
    fixes_client: bool
    conditions_on: tuple[str, ...]

    def keys(self, fingerprints: Fingerprints, grouping: Grouping, /) -> list[NDArray[np.uint64]]:
        """Family keys of each exchange, one array per membership, 0 where there is none."""
        ...
