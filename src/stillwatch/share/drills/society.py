"""A simulated forum for drills: honest members that err now and then, bad ones with a strategy, audits that sample.

One step is a week. A true campaign visits some of the members; each that is visited commits to what it finds, the first
to finish publishes. A false one is invented by a bad member, or honestly mistaken. Trust is worked out by the very
functions that members use: commitments and publications give origins, audits give posteriors and grades.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import numpy as np

from stillwatch.model.indicator import SignalKind, SourceGrade, Tag
from stillwatch.share.trust.credibility import HIGH, Against, information_grade, weigh
from stillwatch.share.trust.independence import Commitment, Publication, origins
from stillwatch.share.trust.posterior import Audited, AuditOutcome, posterior, source_grade

__all__ = ["Rates", "Signal", "Society", "Strategy", "simulate"]

_START: Final = datetime(2026, 1, 5, tzinfo=UTC)
_WEEK: Final = timedelta(days=7)
_TAGS: Final = 12
_COVERAGE: Final = 0.9
_RANDOM_BYTES: Final = 32


class Strategy(StrEnum):
    """What bad members do; from the moment that they turn bad, with the record that they earned before."""

    LIE = "lie"
    FLOOD = "flood"
    ECHO = "echo"
    COLLUDE = "collude"


@dataclass(frozen=True, slots=True)
class Rates:
    """What the simulated world is like.

    campaigns   True campaigns a week.
    visits      Chance that a campaign visits a given member.
    mistakes    Share of an honest member's publications that are false.
    audited     Share of indicators that are audited in the week after; three audits in ten come to no judgement.
    sleep       Weeks that bad members behave, to earn a record.
    """

    members: int = 20
    weeks: int = 40
    campaigns: int = 8
    visits: float = 0.3
    mistakes: float = 0.05
    audited: float = 0.4
    sleep: int = 26


@dataclass(frozen=True, slots=True)
class Signal:
    """One published indicator: what it is, who published it, when, and what the forum made of it that week."""

    week: int
    member: int
    is_true: bool
    is_planted: bool
    is_high: bool


@dataclass(slots=True)
class Society:
    """State of one simulated forum."""

    rates: Rates
    bad: int
    strategy: Strategy
    rng: np.random.Generator
    place: int = 0
    week: int = 0
    chances: dict[int, int] = field(default_factory=dict)
    audits: dict[int, list[Audited]] = field(default_factory=dict)
    signals: list[Signal] = field(default_factory=list)
    caught: dict[int, int] = field(default_factory=dict)

    @property
    def now(self) -> datetime:
        """End of the current week."""
        return _START + self.week * _WEEK

    def grades(self) -> list[SourceGrade]:
        """Source grade of each member, by its audits so far."""
        kinds = [SignalKind.BAND]
        return [source_grade(posterior(self.audits.get(m, ()), kinds, self.now)) for m in range(self.rates.members)]

    def fresh_tags(self) -> frozenset[Tag]:
        """Tags that nobody had before."""
        return frozenset(Tag(SignalKind.BAND, 1, self.rng.bytes(_RANDOM_BYTES).hex()) for _ in range(_TAGS))

    def committed(self, member: int, tags: frozenset[Tag]) -> Commitment:
        """Next ledger entry: a member commits."""
        self.place += 1
        self.chances[member] = self.chances.get(member, 0) + len(tags)
        return Commitment(str(member), str(member), self.place, tags, self.chances[member])

    def published(self, member: int, tags: frozenset[Tag]) -> Publication:
        """Next ledger entry: a member publishes."""
        self.place += 1
        return Publication(str(member), str(member), self.place, tags)


def simulate(strategy: Strategy, bad: int, seed: int, rates: Rates | None = None) -> Society:
    """Run a society in which the first `bad` members are bad, and give it back with all its signals."""
    society = Society(rates or Rates(), bad, strategy, np.random.default_rng([seed, bad, [*Strategy].index(strategy)]))
    for week in range(society.rates.weeks):
        society.week = week
        grades = society.grades()
        for member in range(bad):
            if week >= society.rates.sleep and grades[member] in {SourceGrade.D, SourceGrade.E}:
                society.caught.setdefault(member, week)
        _true_campaigns(society, grades)
        _mistakes(society, grades)
        if week >= society.rates.sleep:
            _plant(society, grades)
    return society


def _true_campaigns(society: Society, grades: list[SourceGrade]) -> None:
    """Campaigns of the week; bad members that have woken keep what they find to themselves."""
    rates, rng = society.rates, society.rng
    awake = society.bad if society.week >= rates.sleep else 0
    for _ in range(rates.campaigns):
        visited = [int(m) for m in np.flatnonzero(rng.random(rates.members) < rates.visits) if m >= awake]
        if not visited:
            continue
        rng.shuffle(visited)
        tags = society.fresh_tags()
        commitments = [society.committed(member, _most_of(society, tags)) for member in visited]
        publication = society.published(visited[0], tags)
        _conclude(society, grades, [publication], commitments, is_true=True, is_planted=False)


def _mistakes(society: Society, grades: list[SourceGrade]) -> None:
    """What honest members publish in error: nobody else holds it."""
    rates = society.rates
    for member in np.flatnonzero(society.rng.random(rates.members) < rates.mistakes * rates.campaigns / rates.members):
        if member >= society.bad:
            publication = society.published(int(member), society.fresh_tags())
            _conclude(society, grades, [publication], [], is_true=False, is_planted=False)


def _plant(society: Society, grades: list[SourceGrade]) -> None:
    """False campaigns of the week, by strategy."""
    bad = range(society.bad)
    for member in bad:
        for _ in range(20 if society.strategy is Strategy.FLOOD else 1):
            tags = society.fresh_tags()
            others = [other for other in bad if other != member]
            before = others if society.strategy is Strategy.COLLUDE else []
            commitments = [society.committed(other, tags) for other in before]
            publications = [society.published(member, tags)]
            if society.strategy is Strategy.ECHO:
                commitments += [society.committed(other, tags) for other in others]
                publications += [society.published(other, tags) for other in others]
            _conclude(society, grades, publications, commitments, is_true=False, is_planted=True)


def _most_of(society: Society, tags: frozenset[Tag]) -> frozenset[Tag]:
    """What another member holds of a campaign: four tags in five."""
    ordered = sorted(tags, key=lambda tag: tag.value)
    return frozenset(tag for tag, is_held in zip(ordered, society.rng.random(len(tags)) < 0.8, strict=True) if is_held)


def _conclude(
    society: Society,
    grades: list[SourceGrade],
    publications: list[Publication],
    commitments: list[Commitment],
    *,
    is_true: bool,
    is_planted: bool,
) -> None:
    """Grade what the first publication says, and audit it or not."""
    first = publications[0]
    known = origins(first.tags, commitments, publications)
    everything: list[Commitment | Publication] = [*commitments, *publications]
    holders = {int(held.owner_id) for held in everything}
    silent = society.bad if is_planted or not is_true else 0
    looked = {str(m): _COVERAGE for m in range(silent, society.rates.members) if m not in holders}
    weighed = weigh([(owner, grades[int(owner)]) for owner in sorted(known)], Against(looked, {}))
    is_high = information_grade(weighed) in HIGH
    member = int(first.member_id)
    society.signals.append(Signal(society.week, member, is_true, is_planted, is_high))
    if society.rng.random() < society.rates.audited:
        _audit(society, publications, commitments, is_true=is_true)


def _audit(society: Society, publications: list[Publication], commitments: list[Commitment], *, is_true: bool) -> None:
    """Outcome for everybody who stood by the signal: who committed to it or published it."""
    judged = society.rng.random() < 0.7
    right = AuditOutcome.CONFIRMED if is_true else AuditOutcome.WRONG
    outcome = right if judged else AuditOutcome.NOT_JUDGED
    operation = f"{publications[0].place}"
    everything: list[Commitment | Publication] = [*publications, *commitments]
    for held in everything:
        audited = Audited(operation, held.member_id, SignalKind.BAND, operation, outcome, society.now)
        society.audits.setdefault(int(held.member_id), []).append(audited)
