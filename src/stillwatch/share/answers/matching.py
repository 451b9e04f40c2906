"""How far a match of tags and behaviour is beyond chance, for each local family, in bits.

A tag that a share p of everybody else has matches by chance with probability p. That any m of the T tags of a kind do
has a probability of at most C(T, m) p1 ... pm over the m rarest (union bound). Kinds are taken to be independent;
bands of one template are not quite, so that three of them are asked for: texts that are a fifth alike have a band of
two MinHashes in common with 0.04, three of eight with 0.003, texts that are four fifths alike three with 0.97.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from stillwatch.model.indicator import Behaviour, SignalKind, Tag
from stillwatch.share.answers.behaviour import BehaviourMatch, compare_behaviour
from stillwatch.share.answers.index import NO_FAMILY, TagIndex
from stillwatch.share.tags.bands import BANDS_OF_A_HIT

__all__ = ["FamilyMatch", "behaviour_bits", "match_families", "union_bits"]


@dataclass(frozen=True, slots=True)
class FamilyMatch:
    """One family's match: bits of its tags, those of its behaviour, and which kinds of tags matched.

    tags        Tags of these kinds that the family has and others hardly have, each with its bits before any decay.
    """

    family: int
    tag_bits: float
    behaviour_bits: float
    kinds: tuple[SignalKind, ...]
    behaviour: BehaviourMatch | None
    tags: tuple[tuple[Tag, float], ...] = ()

    @property
    def bits(self) -> float:
        """Both together; behaviour alone is no match: too many share it."""
        return self.tag_bits + self.behaviour_bits if self.tag_bits > 0 else 0.0


def union_bits(bits: Sequence[float], n_tags: int) -> float:
    """Bits of the best of all ways to choose some of the hits, less the number of ways; 0 at least.

    bits        -log2 of the chance of each hit.
    n_tags      Tags that were looked for, at least as many.

    >>> union_bits([12.0], 1), round(union_bits([12.0], 500), 1), round(union_bits([12.0] * 3, 500), 1)
    (12.0, 3.0, 11.7)
    """
    best, total = 0.0, 0.0
    for m, one in enumerate(sorted(bits, reverse=True), 1):
        total += one
        best = max(best, total - _log2_choose(n_tags, m))
    return best


def match_families(
    index: TagIndex,
    weights: Mapping[Tag, float],
    behaviour: Behaviour,
    local: Mapping[int, Behaviour],
    most_bits: float = math.inf,
) -> tuple[FamilyMatch, ...]:
    """Match of every family that has one of the tags, the best first.

    weights     Tags that are looked for, with what time has left of them, 0 to 1.
    local       Behaviour of the member's own families, as far as known.
    most_bits   What one tag may be worth at most, but a band: others have seen the innocent with some of the rest, no
                saying which.
    """
    tags, left = tuple(weights), [min(weight, 1.0) for weight in weights.values()]
    found = _tag_hits(index, tags, left, most_bits)
    compared = {family: compare_behaviour(behaviour, own) for family, own in local.items()} if found else {}
    n_agree = sum(match.agrees for match in compared.values())
    n_tags = {kind: sum(tag.kind is kind for tag in tags) for kind in SignalKind}
    matches = []
    for family, by_kind in found.items():
        enough = {kind: hits for kind, hits in by_kind.items() if _is_enough(kind, hits)}
        kinds = {kind: union_bits([bits for bits, _ in hits], n_tags[kind]) for kind, hits in enough.items()}
        match = compared.get(family)
        more = behaviour_bits(n_agree - 1, len(compared)) if match is not None and match.agrees else 0.0
        which = tuple(kind for kind in SignalKind if kinds.get(kind, 0.0) > 0)
        rests = tuple((tags[i], bits / left[i]) for kind in which for bits, i in enough[kind] if bits > 0)
        matches.append(FamilyMatch(family, math.fsum(kinds.values()), more, which, match, rests))
    return tuple(sorted(matches, key=lambda m: (-m.bits, m.family)))


def behaviour_bits(n_others: int, n_families: int) -> float:
    """-log2 of the share of the other families whose behaviour agrees as well.

    >>> behaviour_bits(0, 1023), behaviour_bits(511, 512)
    (11.0, 0.0)
    """
    return max(-math.log2((n_others + 0.5) / (n_families + 1)), 0.0) if n_others * 2 < n_families else 0.0


_Hit = tuple[float, int]
"""Bits of a tag in a family, and its place among the tags."""


def _is_enough(kind: SignalKind, hits: Sequence[_Hit]) -> bool:
    return kind is not SignalKind.BAND or len(hits) >= BANDS_OF_A_HIT


def _tag_hits(
    index: TagIndex, tags: Sequence[Tag], weights: Sequence[float], most_bits: float
) -> dict[int, dict[SignalKind, list[_Hit]]]:
    """Bits of each tag that a family has, by family and kind: how rare it is outside the family.

    A band is counted by families, since all accounts of a family send its template; everything else by accounts.
    """
    hits = index.hits(tags)
    found: dict[int, dict[SignalKind, list[_Hit]]] = defaultdict(lambda: defaultdict(list))
    bounds = [*np.flatnonzero(np.r_[True, hits.tag[1:] != hits.tag[:-1]]), len(hits.tag)] if len(hits.tag) else []
    for start, stop in pairwise(bounds):
        place = int(hits.tag[start])
        tag = tags[place]
        families, row_family = np.unique(hits.family[start:stop], return_inverse=True)
        if tag.kind is SignalKind.BAND:
            outside, n, most = np.full(len(families), len(families) - 1), index.n_families, math.inf
        else:
            carrying = len(np.unique(hits.account[start:stop]))
            outside, n, most = carrying - np.bincount(row_family), index.n_accounts, most_bits
        rarity = np.clip(-np.log2((outside + 0.5) / (n + 1)), 0.0, most) * weights[place]
        for family, bits in zip(families.tolist(), rarity.tolist(), strict=True):
            if family != NO_FAMILY:
                found[family][tag.kind].append((bits, place))
    return found


def _log2_choose(n: int, k: int) -> float:
    return (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / math.log(2)
