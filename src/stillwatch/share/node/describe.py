"""From a campaign to what may be told of it: buckets, levels, techniques, and which values are worth a tag."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.model.fingerprint import ELICITATION_CLASSES
from stillwatch.model.indicator import LEVELS, Behaviour, Share, SignalKind, Technique, share_bucket
from stillwatch.model.search_index import CAPABILITIES
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.stix.vocabulary import build_of, max_tokens_bucket, temperature_bucket, top_p_bucket

__all__ = ["behaviour_of", "levels", "techniques_of", "values_of"]

_MOST_BUILDS: Final = 8
_MOST_VALUES: Final = 500
"""Of a kind; those that most accounts have come first."""
_FEWEST_ACCOUNTS: Final = 2
_INSIDE: Final = 0.9
"""Share of a value's accounts that must be the campaign's: what others have too would accuse them at every member."""
_SHARED: Final = 3
_ROTATING: Final = 3.0
_NAME: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[/ ]v?(\d[\d.]*)")
_ELICITED: Final = {
    "reasoning": Technique.REASONING_ELICITATION,
    "grading": Technique.GRADING_ELICITATION,
    "rewriting": Technique.REWRITING,
    "training": Technique.TRAINING_FORMAT,
    "format": Technique.FIXED_OUTPUT_FORMAT,
}
_TEMPLATED: Final = {"template", "kin"}


def levels(counts: Iterable[int]) -> tuple[int, ...]:
    """Counts as steps from 0, nothing, to 7, the largest; empty when there is nothing at all.

    >>> levels([0, 1, 50, 100])
    (0, 0, 4, 7)
    """
    found = list(counts)
    most = max(found, default=0)
    return tuple(round((LEVELS - 1) * count / most) for count in found) if most else ()


def behaviour_of(act: Mapping[str, Any]) -> Behaviour:
    """How a campaign acts, as it may be told in clear; clients that are no public library are left out."""
    known = {name: act[name] for name in ("temperature", "top_p", "max_tokens", "wants_logprobs")}
    return Behaviour(
        elicitation={name: share_bucket(x) for name, x in zip(ELICITATION_CLASSES, act["elicitation"], strict=True)},
        capabilities={name: share_bucket(x) for name, x in zip(CAPABILITIES, act["capabilities"], strict=True)},
        temperature=None if known["temperature"] is None else temperature_bucket(round(known["temperature"], 4)),
        top_p=None if known["top_p"] is None else top_p_bucket(round(known["top_p"], 4)),
        max_tokens=None if known["max_tokens"] is None else max_tokens_bucket(known["max_tokens"]),
        logprobs=known["wants_logprobs"],
        builds=_builds(act["builds"]),
        week=levels(act["week"]),
        gaps=levels(act["gaps"]),
    )


def _builds(names: Iterable[str]) -> tuple[str, ...]:
    parts = (found for name in names if (found := _NAME.match(name)))
    told = {build for found in parts if (build := build_of(found[1], found[2]))}
    return tuple(sorted(told)[:_MOST_BUILDS])


def values_of(index: LocalIndex, campaign_id: str) -> dict[SignalKind, list[str]]:
    """Values worth a tag: what several of the campaign's accounts have and hardly anybody else, and its bands.

    An address or a network that a campaign's accounts share with other customers is left out here: at the other
    members it would stand for people like these.
    """
    accounts = np.array(index.acts[campaign_id]["accounts"], np.uint64)
    found: dict[SignalKind, list[str]] = {}
    for kind in SignalKind:
        rows = index.signals.filter(pa.compute.equal(index.signals["kind"], kind.value))
        values = _bands(index, rows, campaign_id) if kind is SignalKind.BAND else _own(rows, accounts)
        if values:
            found[kind] = values[:_MOST_VALUES]
    return found


def _own(rows: pa.Table, accounts: NDArray[np.uint64]) -> list[str]:
    """Values of the accounts that few others have, those of most accounts first."""
    names, code = np.unique(np.asarray(rows["value"].to_pylist(), object), return_inverse=True)
    inside = np.bincount(code, weights=np.isin(rows["account"].to_numpy(), accounts), minlength=len(names))
    everybody = np.bincount(code, minlength=len(names))
    kept = np.flatnonzero((inside >= _FEWEST_ACCOUNTS) & (inside >= _INSIDE * everybody))
    return [str(name) for name in names[kept[np.argsort(-inside[kept], kind="stable")]]]


def _bands(index: LocalIndex, rows: pa.Table, campaign_id: str) -> list[str]:
    """Bands of the campaign's templates, the busiest template first."""
    theirs = index.rows.filter(
        pa.compute.and_(
            pa.compute.equal(pa.compute.fill_null(index.rows["campaign_id"], ""), campaign_id),
            pa.compute.equal(index.rows["view"], "template"),
        )
    ).sort_by([("n_exchanges", "descending")])
    chosen: dict[str, None] = {}
    for family in theirs["family"]:
        chosen |= dict.fromkeys(rows.filter(pa.compute.equal(rows["family"], family))["value"].to_pylist())
    return list(chosen)


def techniques_of(index: LocalIndex, campaign_id: str, values: Mapping[SignalKind, list[str]]) -> tuple[Technique, ...]:
    """How it collects, as far as its families, its prompts and its values show."""
    act = index.acts[campaign_id]
    told = index.rows.filter(pa.compute.equal(pa.compute.fill_null(index.rows["campaign_id"], ""), campaign_id))
    views = set(told["view"].to_pylist())
    shares = dict(zip(ELICITATION_CLASSES, act["elicitation"], strict=True))
    found = {_ELICITED[name] for name, share in shares.items() if share_bucket(share) in {Share.PART, Share.MOST}}
    found.add(Technique.TEMPLATED_PROMPTS if views & _TEMPLATED else Technique.LIST_SPLIT)
    if values.get(SignalKind.PAYMENT):
        found.add(Technique.SHARED_PAYMENT)
    if len(values.get(SignalKind.NETWORK, ())) >= _SHARED:
        found.add(Technique.SHARED_NETWORKS)
    if _networks_each(index, np.array(act["accounts"], np.uint64)) >= _ROTATING:
        found.add(Technique.ADDRESS_ROTATION)
    return tuple(technique for technique in Technique if technique in found)


def _networks_each(index: LocalIndex, accounts: NDArray[np.uint64]) -> float:
    """Networks that the middle one of the accounts comes from."""
    rows = index.signals.filter(pa.compute.equal(index.signals["kind"], SignalKind.NETWORK.value))
    account = rows["account"].to_numpy()
    _, n = np.unique(account[np.isin(account, accounts)], return_counts=True)
    return float(np.median(n)) if len(n) else 0.0
