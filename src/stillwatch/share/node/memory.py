"""The node's own traffic as tags, so that others' indicators are looked up and not compared one by one."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch.errors import InvalidInput
from stillwatch.model.indicator import Behaviour, SignalKind
from stillwatch.share.answers.check import Memory
from stillwatch.share.answers.index import KINDS, Local, TagIndex
from stillwatch.share.answers.innocents import Innocents
from stillwatch.share.answers.values import CARRIED, Named, Values
from stillwatch.share.node.describe import behaviour_of
from stillwatch.share.node.local import ELSEWHERE, LocalIndex
from stillwatch.share.tags.block import TAG_BYTES, TagBlock
from stillwatch.share.tags.canonical import canonical
from stillwatch.share.warnings.lists import WarningLists

__all__ = ["TagValues", "is_of_kind", "memory_of", "shared_values"]

TagValues = Callable[[SignalKind, Sequence[str]], TagBlock]
"""Distinct values of a kind -> their tags in this epoch, in their order."""

_ON_LISTS: Final = {SignalKind.ADDRESS, SignalKind.NETWORK}


def memory_of(index: LocalIndex, tagged: TagValues, epoch: int, lists: WarningLists) -> Memory:
    """Tags of all of an index, with the scan's evidence; values that are none of their kind are passed over.

    epoch   Number of the key's epoch that `tagged` uses.
    lists   What they name is no reason to suspect anybody, so it matches nothing.
    """
    named: dict[SignalKind, Named] = {}
    parts = [_of_kind(index, kind, tagged, lists, named) for kind in SignalKind]
    local = Local(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    tags = TagIndex.of(
        local,
        epoch=epoch,
        days=index.days,
        coverage=index.coverage,
        n_accounts=index.n_accounts,
        n_families=len(index.families),
    )
    innocents = Innocents.of(local, index.ordinary, epoch)
    return Memory(tags, _behaviours(index), index.evidence, innocents, Values(named, index.accounts))


_Rows = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint64], NDArray[np.bool_]]


def _of_kind(
    index: LocalIndex, kind: SignalKind, tagged: TagValues, lists: WarningLists, named: dict[SignalKind, Named]
) -> _Rows:
    """Columns of `Local` for one kind; what its tags stand for is noted where a request can carry it."""
    rows = index.signals.filter(pc.equal(index.signals["kind"], kind.value))
    coded = pc.dictionary_encode(rows["value"].combine_chunks())
    values = coded.dictionary.to_pylist()
    is_fine = np.array([is_of_kind(kind, value) for value in values], np.bool_)
    fine = [value for value, good in zip(values, is_fine, strict=True) if good]
    tags = np.zeros((len(values), TAG_BYTES), np.uint8)
    if fine:
        block = tagged(kind, fine)
        tags[is_fine] = block.values
        if kind in CARRIED:
            named[kind] = Named.of(block, fine)
    shared = np.zeros(len(values), np.bool_)
    shared[is_fine] = shared_values(kind, fine, lists)
    code = coded.indices.to_numpy()
    account, family = rows["account"].to_numpy(), index.number(rows["family"].to_numpy())
    if kind is not SignalKind.BAND:
        at, family = _families_of(index, account)
        code, account = code[at], account[at]
    kept = is_fine[code]
    code = code[kept]
    kinds = np.full(len(code), KINDS.index(kind), np.uint8)
    return tags[code], kinds, family[kept], account[kept], shared[code]


def is_of_kind(kind: SignalKind, value: str) -> bool:
    """Whether a value has the form of its kind: logs hold much that has not, and that is passed over."""
    try:
        canonical(kind, value)
    except InvalidInput:
        return False
    return True


def _families_of(index: LocalIndex, account: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of the accounts, once for every family each is in, and the numbers of these; ELSEWHERE for none."""
    order = np.argsort(index.streams["account"].to_numpy(), kind="stable")
    owner = index.streams["account"].to_numpy()[order]
    number = index.number(index.streams["family"].to_numpy()[order])
    start, stop = (np.searchsorted(owner, account, side) for side in ("left", "right"))
    n = np.maximum(stop - start, 1)
    at = np.repeat(np.arange(len(account)), n)
    place = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n) + np.repeat(start, n)
    alone = (stop == start)[at]
    if not len(number):
        return at, np.full(len(at), ELSEWHERE, np.int64)
    return at, np.where(alone, ELSEWHERE, number[np.minimum(place, len(number) - 1)])


def shared_values(kind: SignalKind, values: Sequence[str], lists: WarningLists) -> NDArray[np.bool_]:
    """Whether a warning list has each value."""
    if kind in _ON_LISTS:
        return lists.lists_of_addresses([value.partition("/")[0] for value in values]) >= 0
    if kind is SignalKind.EMAIL_DOMAIN:
        return lists.lists_of_domains(values) >= 0
    return np.zeros(len(values), np.bool_)


def _behaviours(index: LocalIndex) -> Mapping[int, Behaviour]:
    """How the families act that are told in a campaign: as the campaign does."""
    by_campaign = {name: behaviour_of(act) for name, act in index.acts.items()}
    told = index.rows["campaign_id"].to_pylist()
    return {i + 1: by_campaign[name] for i, name in enumerate(told) if name in by_campaign}
