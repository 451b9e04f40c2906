"""Who knew it first: reports that confirm one another, told from reports that repeat one another.

A member proves what it holds by a salted commitment in the ledger. Places in the ledger are the only clock: a tag that
was committed to after somebody else had published it may have been copied, whoever says otherwise, and corroborates
nothing. Members under one owner are one origin. What two origins have in common must be more than chance would give
to a commitment of that size, so committing to everything does not help either.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from stillwatch.model.indicator import Tag

__all__ = ["ORIGIN_BITS", "Commitment", "Publication", "Standing", "origins", "standings"]

ORIGIN_BITS: Final = 10.0
"""What an overlap must be worth beyond its commitment's size: a chance of one in a thousand."""


class Standing(StrEnum):
    """What an owner's commitments make of it as to one indicator."""

    ORIGIN = "origin"
    ECHO = "echo"
    UNRELATED = "unrelated"


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a member proved to hold, opened and checked against its ledger entry.

    owner_id    Who owns the member; several members may have one owner.
    place       Number of its ledger entry.
    chances     Tags that its owner had committed to by then, these and those never opened included: entries of the
                ledger say how many they are of, so that opening only the lucky ones gains nothing.
    """

    member_id: str
    owner_id: str
    place: int
    tags: frozenset[Tag]
    chances: int


@dataclass(frozen=True, slots=True)
class Publication:
    """What a member published, where the others could see it from that place of the ledger on. Fields as above."""

    member_id: str
    owner_id: str
    place: int
    tags: frozenset[Tag]


def _even_bits(_tag: Tag) -> float:
    return ORIGIN_BITS


def standings(
    tags: Collection[Tag],
    commitments: Iterable[Commitment],
    publications: Iterable[Publication],
    bits_of: Callable[[Tag], float] = _even_bits,
) -> Mapping[str, Standing]:
    """Standing of every owner that committed to something or published something, as to an indicator with these tags.

    What an owner held first are the indicator's tags that it committed to, or published, before any other owner had
    published them. It is an origin when they are worth `ORIGIN_BITS` more than the chances it took (Bonferroni). Who
    published the whole indicator took one: it chose what is looked for. An echo has enough of the tags, too late.

    bits_of     Worth of a match in one tag: -log2 of the share of innocent accounts that have it, see `match_bits`.
    """
    said = tuple(publications)
    wanted = frozenset(tags)
    published = _first_publications(said, wanted)
    common: dict[str, set[Tag]] = defaultdict(set)
    found: dict[str, Standing] = {}
    everything: list[Commitment | Publication] = [*said, *commitments]
    for held in everything:
        owner = held.owner_id
        overlap = held.tags & wanted
        common[owner] |= overlap
        own = [tag for tag in overlap if held.place < _seen_from(published[tag], owner)]
        if _is_enough(own, _chances(held, wanted), bits_of):
            found[owner] = Standing.ORIGIN
        elif found.get(owner) is not Standing.ORIGIN:
            found[owner] = Standing.ECHO if _is_enough(common[owner], 1, bits_of) else Standing.UNRELATED
    return found


def _chances(held: Commitment | Publication, wanted: frozenset[Tag]) -> int:
    if isinstance(held, Commitment):
        return max(held.chances, len(held.tags), 1)
    return 1 if wanted <= held.tags else len(held.tags)


def origins(
    tags: Collection[Tag],
    commitments: Iterable[Commitment],
    publications: Iterable[Publication],
    bits_of: Callable[[Tag], float] = _even_bits,
) -> frozenset[str]:
    """Owners that knew an indicator's tags of their own."""
    found = standings(tags, commitments, publications, bits_of)
    return frozenset(owner for owner, standing in found.items() if standing is Standing.ORIGIN)


def _first_publications(publications: Iterable[Publication], wanted: frozenset[Tag]) -> dict[Tag, dict[str, int]]:
    """Place of each owner's first publication of each tag."""
    first: dict[Tag, dict[str, int]] = {tag: {} for tag in wanted}
    for publication in publications:
        for tag in publication.tags & wanted:
            owners = first[tag]
            owners[publication.owner_id] = min(publication.place, owners.get(publication.owner_id, publication.place))
    return first


def _seen_from(published: Mapping[str, int], owner_id: str) -> float:
    """First place at which somebody else had published; never, infinity."""
    return min((place for owner, place in published.items() if owner != owner_id), default=math.inf)


def _is_enough(tags: Collection[Tag], chances: int, bits_of: Callable[[Tag], float]) -> bool:
    return bool(tags) and math.fsum(map(bits_of, tags)) >= ORIGIN_BITS + math.log2(max(chances, 1))
