"""Who else knew of an indicator independently: counted by the forum, and counted again by whoever does not believe it.

Two members corroborate one another in the tags that both have published, and only if each of them is an origin of just
these tags (`independence.standings`). So who copies another's tags into an indicator of its own gains no second origin
by them: of what it copied it is an echo.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select

from stillwatch.model.indicator import SignalKind, Tag
from stillwatch.share.commitments.tables import COMMITMENTS, REVEALED
from stillwatch.share.trust.benign import match_bits, pooled_rate
from stillwatch.share.trust.independence import ORIGIN_BITS, Commitment, Publication, Standing, standings
from stillwatch.share.trust.places import OWNERS, PUBLISHED, RATES, TAGS, objects_of

__all__ = ["MOST_ORIGINS", "Corroboration", "Opened", "Partner", "corroborates", "corroboration_of", "originator_of"]

MOST_ORIGINS: Final = 3
"""Three stands for three or more: nobody needs to know how many see a campaign."""
_MOST_DIGESTS: Final = 10_000
_AT_A_TIME: Final = 500


@dataclass(frozen=True, slots=True)
class Opened:
    """A commitment as far as it was opened: its entry, that of a reveal, whose it is and how many chances it took."""

    commitment: int
    reveal: int
    member_id: str
    chances: int

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return {"index": self.commitment, "reveal": self.reveal, "member": self.member_id, "chances": self.chances}


@dataclass(frozen=True, slots=True)
class Partner:
    """Another member that knew it independently, and the entries of the ledger that show it.

    publications    First entries in which either of the two has published what they have in common.
    """

    member_id: str
    commitments: tuple[Opened, ...]
    publications: tuple[int, ...]

    def told(self) -> dict[str, Any]:
        """As JSON."""
        opened = [one.told() for one in self.commitments]
        return {"member": self.member_id, "commitments": opened, "publications": list(self.publications)}

    @property
    def entries(self) -> frozenset[int]:
        """All entries that show it."""
        return frozenset(self.publications).union(*((one.commitment, one.reveal) for one in self.commitments))


@dataclass(frozen=True, slots=True)
class Corroboration:
    """Independent origins of an indicator, its originator included; as many partners are named as are counted."""

    indicator_id: str
    originator: str
    partners: tuple[Partner, ...]

    @property
    def origins(self) -> int:
        """1, 2, or 3 for three and more."""
        return min(1 + len(self.partners), MOST_ORIGINS)

    def told(self) -> dict[str, Any]:
        """As JSON."""
        named = {"indicator": self.indicator_id, "originator": self.originator, "origins": self.origins}
        return named | {"partners": [partner.told() for partner in self.partners]}


def corroborates(
    wanted: Collection[Tag],
    pair: tuple[str, str],
    commitments: Iterable[Commitment],
    publications: Iterable[Publication],
    rate: float = 0.0,
) -> bool:
    """Whether two owners are both origins of what they have in common.

    wanted      Tags that both have published.
    rate        Share of innocent accounts that have such tags, as members told.
    """
    worth = min(ORIGIN_BITS, match_bits(rate))
    found = standings(wanted, commitments, publications, lambda _: worth)
    return pair[0] != pair[1] and all(found.get(owner) is Standing.ORIGIN for owner in pair)


def originator_of(connection: Connection, indicator_id: str, readable: Collection[str]) -> str | None:
    """Who published an indicator that stands in one of the collections; None when nobody has.

    Raises      InvalidInput when it is no id of an indicator.
    """
    there = (
        select(PUBLISHED.c.member_id)
        .where(PUBLISHED.c.object_id == objects_of(indicator_id)[0], *_standing(readable))
        .order_by(PUBLISHED.c.place)
        .limit(1)
    )
    return connection.execute(there).scalar()


def corroboration_of(connection: Connection, indicator_id: str, readable: Collection[str]) -> Corroboration | None:
    """Independent origins, as far as somebody may know who reads these collections; None when it is not for them.

    Order is decided by all that was ever published; partners are those whose own indicator can be read and stands.

    Raises      InvalidInput when it is no id of an indicator.
    """
    originator = originator_of(connection, indicator_id, readable)
    if originator is None:
        return None
    mine = (PUBLISHED.c.object_id.in_(objects_of(indicator_id)), PUBLISHED.c.member_id == originator)
    tags = _tags_of(connection, *mine, *_standing(readable))
    told = _Told.about(connection, tags, readable)
    rate = _rate(connection, indicator_id)
    found = []
    for member_id in sorted(told.standing):
        partner = told.partner(originator, member_id, tags, rate) if member_id != originator else None
        if partner is not None:
            found.append((member_id, partner))
    by_owner = {told.owner(member_id): partner for member_id, partner in reversed(found)}
    partners = sorted(by_owner.values(), key=lambda partner: partner.member_id)
    return Corroboration(indicator_id, originator, tuple(partners[: MOST_ORIGINS - 1]))


def _standing(readable: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return PUBLISHED.c.has_ended.is_(False), PUBLISHED.c.collection_id.in_(sorted(readable))


def _tags_of(connection: Connection, *which: ColumnElement[bool]) -> dict[str, SignalKind]:
    chosen = select(TAGS.c.digest, TAGS.c.kind).join(PUBLISHED, PUBLISHED.c.place == TAGS.c.place).where(*which)
    rows = connection.execute(chosen.distinct().limit(_MOST_DIGESTS))
    return {row.digest: SignalKind(row.kind) for row in rows}


def _rate(connection: Connection, indicator_id: str) -> float:
    return pooled_rate(
        list(connection.execute(select(RATES.c.rate).where(RATES.c.indicator_id == indicator_id)).scalars())
    )


@dataclass(slots=True)
class _Told:
    """Everything that was published and revealed of some tags.

    first       First place of each tag by member, whatever became of it.
    standing    First place of each tag by member, of what stands and can be read.
    """

    first: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    standing: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    revealed: dict[tuple[str, int, int], set[str]] = field(default_factory=lambda: defaultdict(set))
    chances: dict[int, int] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)

    @classmethod
    def about(cls, connection: Connection, digests: Collection[str], readable: Collection[str]) -> "_Told":
        found, ordered = cls(), sorted(digests)
        parts = [ordered[start : start + _AT_A_TIME] for start in range(0, len(ordered), _AT_A_TIME)]
        for part in parts:
            for row in connection.execute(select(REVEALED).where(REVEALED.c.digest.in_(part))):
                found.revealed[row.member_id, row.commitment, row.place].add(row.digest)
        if found.revealed:  # without any there is no second origin, whatever was published
            found.owners = {row.member_id: row.owner_id for row in connection.execute(select(OWNERS))}
            found._count(connection)
            for part in parts:
                found._read(connection, part, readable)
        return found

    def _read(self, connection: Connection, digests: Collection[str], readable: Collection[str]) -> None:
        chosen = select(TAGS.c.digest, PUBLISHED).join(PUBLISHED, PUBLISHED.c.place == TAGS.c.place)
        for row in connection.execute(chosen.where(TAGS.c.digest.in_(digests)).order_by(TAGS.c.place)):
            self.first[row.member_id].setdefault(row.digest, row.place)
            if not row.has_ended and row.collection_id in readable:
                self.standing[row.member_id].setdefault(row.digest, row.place)

    def _count(self, connection: Connection) -> None:
        """Chances that each commitment's owner had taken by then: leaves of all that its members had committed to."""
        owners = {self.owner(member_id) for member_id, _, _ in self.revealed}
        by_owner: dict[str, int] = defaultdict(int)
        for row in connection.execute(select(COMMITMENTS).order_by(COMMITMENTS.c.place)):
            if self.owner(row.member_id) in owners:
                by_owner[self.owner(row.member_id)] += row.size
                self.chances[row.place] = by_owner[self.owner(row.member_id)]

    def owner(self, member_id: str) -> str:
        return self.owners.get(member_id, member_id)

    def partner(self, one: str, other: str, tags: Mapping[str, SignalKind], rate: float) -> Partner | None:
        """The other as a partner of the one, if both are origins of what they have in common."""
        common = self.standing[other].keys() & self.standing[one].keys() & tags.keys()
        wanted = {digest: Tag(tags[digest], 0, digest) for digest in common}
        pair = self.owner(one), self.owner(other)
        opened = [key for key, found in self.revealed.items() if self.owner(key[0]) in pair and found & common]
        commitments = [
            Commitment(
                member, self.owner(member), place, _of(wanted, self.revealed[member, place, at]), self.chances[place]
            )
            for member, place, at in opened
        ]
        if not corroborates(wanted.values(), pair, commitments, self._publications(wanted), rate):
            return None
        shown = {self.standing[member][digest] for member in (one, other) for digest in common}
        evidence = tuple(Opened(place, at, member, self.chances[place]) for member, place, at in sorted(opened))
        return Partner(other, evidence, tuple(sorted(shown)))

    def _publications(self, wanted: Mapping[str, Tag]) -> list[Publication]:
        found = []
        for member_id, places in self.first.items():
            by_place: dict[int, set[str]] = defaultdict(set)
            for digest in places.keys() & wanted.keys():
                by_place[places[digest]].add(digest)
            found += [
                Publication(member_id, self.owner(member_id), place, _of(wanted, digests))
                for place, digests in by_place.items()
            ]
        return found


def _of(wanted: Mapping[str, Tag], digests: Collection[str]) -> frozenset[Tag]:
    return frozenset(wanted[digest] for digest in digests if digest in wanted)
