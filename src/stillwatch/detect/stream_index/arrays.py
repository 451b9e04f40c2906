"""A stream index as named arrays and back: what is written to disk, and what must hold of what is read."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from stillwatch.detect.pools import HashPool, Pool, TextPool
from stillwatch.detect.stream_index.held import HeldStreams
from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.nearest import Nearest
from stillwatch.errors import InvalidInput
from stillwatch.model.fingerprint import SIGNATURE_LENGTH
from stillwatch.model.view import Grouping
from stillwatch.sketch import PhraseCounts, Templates
from stillwatch.sketch._kernels_counts import CELLS_PER_LINE
from stillwatch.sketch._kernels_topic import N_WORDS

__all__ = ["MAPPED", "Arrays", "arrays_of", "facts_of", "index_of"]

Arrays = Mapping[str, NDArray[Any]]

MAPPED: Final = ("cells",)
"""Arrays that are looked at in a few places only, so that they need not be read into memory."""

_GROUPING: Final = tuple(field.name for field in fields(Grouping))
_U64, _I32, _U32 = np.dtype(np.uint64), np.dtype(np.int32), np.dtype(np.uint32)
_TYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "campaign": _I32,
    "rank": _I32,
    "talk_campaign": _I32,
    "cells": _U32,
    "words": _U32,
    "minhashes": _U32,
}
"""All others are hashes."""
_EQUALLY_LONG: Final = (
    ("account", "family", "campaign", "rank"),
    ("talks", "talk_campaign"),
    ("signature", "template"),
    ("leader", "minhashes"),
    ("rhythm_stream", "rhythm_cell"),
    ("tied_account", "tied_group"),
    ("profile_account", "profile_group"),
    ("pooled_exchange", "pooled_key"),
    ("kin_template", "kin_group"),
)
_PLACES: Final = ("campaign", "talk_campaign")


def arrays_of(index: StreamIndex) -> dict[str, NDArray[Any]]:
    """All arrays by name."""
    held, nearest = index.held, index.nearest
    found: dict[str, NDArray[Any]] = {
        "account": held.account,
        "family": held.family,
        "campaign": held.campaign,
        "rank": held.rank,
        "talks": index.talks,
        "talk_campaign": index.talk_campaign,
        "cells": index.counts.cells,
        "words": index.counts.words,
        "signature": nearest.known.signature,
        "template": nearest.known.template,
        "leader": nearest.leader,
        "minhashes": nearest.minhashes,
    }
    found |= {name: getattr(index.grouping, name) for name in _GROUPING}
    for i, pool in enumerate(index.pools):
        if isinstance(pool, HashPool):
            found[f"pool-{i}-hashes"] = pool.hashes
        else:
            found[f"pool-{i}-whole"] = pool.whole
            found[f"pool-{i}-cells"], found[f"pool-{i}-words"] = pool.counts.cells, pool.counts.words
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def facts_of(index: StreamIndex) -> dict[str, Any]:
    """What is no array: names, counts, which pools there are."""
    pools = [{} if isinstance(p, HashPool) else {"key": p.key, "n_prompts": p.counts.n_prompts} for p in index.pools]
    return {"campaigns": list(index.campaigns), "n_prompts": index.counts.n_prompts, "pools": pools}


def index_of(arrays: Arrays, facts: Mapping[str, Any]) -> StreamIndex:
    """From what `arrays_of` and `facts_of` gave.

    Raises  InvalidInput when the arrays do not fit together: kernels trust their lengths.
    """
    _check(arrays, facts)
    held = HeldStreams(*(arrays[name] for name in ("account", "family", "campaign", "rank")))
    known = Templates(arrays["signature"], arrays["template"])
    return StreamIndex(
        tuple(facts["campaigns"]),
        held,
        arrays["talks"],
        arrays["talk_campaign"],
        PhraseCounts(arrays["cells"], arrays["words"], facts["n_prompts"]),
        Nearest(known, arrays["leader"], arrays["minhashes"]),
        Grouping(**{name: arrays[name] for name in _GROUPING}),
        tuple(_pool(arrays, i, pool) for i, pool in enumerate(facts["pools"])),
    )


def _pool(arrays: Arrays, i: int, facts: Mapping[str, Any]) -> Pool:
    if not facts:
        return HashPool(arrays[f"pool-{i}-hashes"])
    counts = PhraseCounts(arrays[f"pool-{i}-cells"], arrays[f"pool-{i}-words"], facts["n_prompts"])
    return TextPool(facts["key"], counts, arrays[f"pool-{i}-whole"])


def _check(arrays: Arrays, facts: Mapping[str, Any]) -> None:
    n_campaigns = len(facts["campaigns"])
    problems = [
        *(f"{name} has type {array.dtype}" for name, array in arrays.items() if not _fits(name, array)),
        *(f"{', '.join(names)} must be equally long" for names in _EQUALLY_LONG if not _are_equal(arrays, names)),
        *(f"{name} names no campaign" for name in _PLACES if not _are_within(arrays[name], n_campaigns)),
    ]
    if problems:
        msg = "; ".join(problems)
        raise InvalidInput(msg)


def _fits(name: str, array: NDArray[Any]) -> bool:
    kind = name.rpartition("-")[2]
    shape = {"minhashes": array.shape[1:] == (SIGNATURE_LENGTH,), "words": array.shape == (N_WORDS,)}
    shape["cells"] = array.ndim == 1 and len(array) > 0 and len(array) % CELLS_PER_LINE == 0
    return array.dtype == _TYPES.get(kind, _U64) and shape.get(kind, array.ndim == 1)


def _are_equal(arrays: Arrays, names: Sequence[str]) -> bool:
    return len({len(arrays[name]) for name in names}) == 1


def _are_within(places: NDArray[Any], n: int) -> bool:
    return not len(places) or bool(0 <= places.min() <= places.max() < n)
